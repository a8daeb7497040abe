"""A person's rights: to be forgotten, to return, and to have his data."""
