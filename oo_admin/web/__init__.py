"""What every page goes through: who asks, what he may do, and how the answer is written."""
