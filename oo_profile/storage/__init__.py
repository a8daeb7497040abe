"""What is kept in SQLite: signals, state history, rejected messages."""
