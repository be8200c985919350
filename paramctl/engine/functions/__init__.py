"""Functions of the small language that are written in operations; none has its own derivative."""
