"""The bandit's service, as an example: ranks tips from served features and learned state."""
