"""A retrieval as SQL text."""
