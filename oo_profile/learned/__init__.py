"""Learned state of bandits that were not ours, brought in and given away."""
