"""What Feast asks of the store, from the request to the slices of the result."""
