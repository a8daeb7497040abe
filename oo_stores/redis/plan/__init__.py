"""Reads whose work is done once: what depends on the registry alone is kept as a plan."""

from oo_stores.redis.plan.cache import ReadPlans
from oo_stores.redis.plan.compile import Asked
from oo_stores.redis.plan.reading import Reading
from oo_stores.redis.plan.request import UncoveredRequestError, columns_of

__all__ = ["Asked", "ReadPlans", "Reading", "UncoveredRequestError", "columns_of"]
