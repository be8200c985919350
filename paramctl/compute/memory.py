"""Memory that was freed and is wanted again a moment later."""

import ctypes
from functools import cache

_TRIM, _MAP = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of malloc.h
_KEPT = 64 << 20
_LARGEST = 8 << 20


@cache
def keep_freed_blocks(largest: int = _LARGEST, kept: int = _KEPT) -> None:
    """Have the C library keep the memory of freed blocks for the next ones.

    Left alone, it gives blocks back to the system and asks for them again; the page faults
    take longer than drawing values does, and threads wait for each other in them. It keeps
    up to 64 MiB for each thread, of blocks up to 8 MiB. Without glibc nothing happens.

    Args:
        largest: bytes of a block that is kept; a larger one is a map of its own.
        kept: bytes that are free at most before some are given back.
    """
    try:
        option = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    option(_MAP, largest)
    option(_TRIM, kept)
