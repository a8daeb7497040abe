"""What a person reads: the catalogue, a profile, why a feature has its value."""
