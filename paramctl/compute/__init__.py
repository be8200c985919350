"""Blocks, threads and devices; the only room that names CuPy."""
