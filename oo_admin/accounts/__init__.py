"""Who may look, who did, and what was done: a file beside the builder's."""
