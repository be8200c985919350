"""Kinds of workers outside this process, one a file."""
