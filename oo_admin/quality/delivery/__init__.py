"""How people, and other programs, are told of alerts."""
