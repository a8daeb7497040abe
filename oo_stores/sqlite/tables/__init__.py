"""What a source reads: its columns, its instants, and how its rows are found."""
