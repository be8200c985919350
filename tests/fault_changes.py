"""What others do to a file while a command reads it."""

import os
from pathlib import Path


def flip(path: Path) -> None:
    """Change the last byte in place, at a time that differs from the one before."""
    with path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last[0] ^ 1]))
    os.utime(path, ns=(1, 1))


def cut(path: Path) -> None:
    """Cut the file in half."""
    os.truncate(path, path.stat().st_size // 2)


def lengthen(path: Path) -> None:
    """Write some bytes behind its end."""
    with path.open("ab") as file:
        file.write(b"more")


def replace(path: Path) -> None:
    """Put a copy in its place."""
    other = path.with_name("other")
    other.write_bytes(path.read_bytes())
    other.rename(path)


CHANGES = (flip, cut, lengthen, replace)
