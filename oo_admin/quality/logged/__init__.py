"""Logs of a sample of profiles, and Feast's monitoring of them."""
