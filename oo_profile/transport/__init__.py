"""Signals on their way: files, the stream, and who writes and reads it."""
