"""Real decisions of the past, chosen anew by policies that must not know what came of them."""
