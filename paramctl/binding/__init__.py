"""A source bound to a module tree: every mismatch reported at once, values left in the file."""
