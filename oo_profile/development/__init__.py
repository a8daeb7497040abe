"""Real servers for development and tests, without root."""
