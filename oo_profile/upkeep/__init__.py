"""Keeping what was derived true: rebuild, verify, resync, prune."""
