"""What builds profiles: the builder, what it keeps, what reads it, and the `oo` command."""
