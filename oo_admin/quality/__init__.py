"""Data quality: checks on what the builder counts, and the alerts that come of them."""
