"""The bandit's rollout: steps that people take on evidence."""
