"""`oo demo`: everything at once, on real input."""

from oo_profile.demo.stage import Stage
from oo_profile.demo.tour import Tour, TourConfig

__all__ = ["Stage", "Tour", "TourConfig"]
