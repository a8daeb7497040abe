"""The commands of `oo bandit`, a module each."""
