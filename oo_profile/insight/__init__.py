"""What a running builder shows of itself: events in its log, metrics, health."""
