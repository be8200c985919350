"""Initializers: a stream, a shape and axis roles to values."""
