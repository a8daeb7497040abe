"""From messages to state: batches, the builder, profiles, and the replay."""
