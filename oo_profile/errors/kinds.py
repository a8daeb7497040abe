"""What every error of this package is, and whether doing the same again may help."""

from __future__ import annotations


class Transient:
    """Mixed into an error after which the same attempt may succeed."""


class Terminal:
    """Mixed into an error after which the same attempt fails again."""


class ProfileError(Exception):
    """Base of every error of this package; its text is fit to be shown to a person."""
