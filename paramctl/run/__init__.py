"""A bound model run forward and backward, and two runs compared."""
