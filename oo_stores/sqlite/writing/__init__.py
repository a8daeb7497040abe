"""Tables that the store writes: batches, saved datasets, logs of served features."""
