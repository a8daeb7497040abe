"""What a column holds: declared types, and the way between Arrow and SQLite."""
