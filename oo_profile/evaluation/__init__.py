"""What the log of decisions says of the policies that took part in them."""
