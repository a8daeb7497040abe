"""Training sets from entity rows."""
