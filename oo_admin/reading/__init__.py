"""What the pages tell, read from the builder's database and from Redis, as plain records."""
