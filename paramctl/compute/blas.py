"""How many threads NumPy's own matrix products take, while our workers run several of them.

BLAS's threads go on spinning for some hundredths of a second after a product, on cores that ours
could use. So a run lets it have one thread, but for the products that are better left to it.

NumPy's wheels bring an OpenBLAS whose thread count can be set. With another BLAS nothing is
set: products are then right but the threads of both sides share the cores.
"""

from __future__ import annotations

import ctypes
import functools
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_PREFIXES = ("scipy_openblas", "openblas")
_SUFFIXES = ("64_", "")
_lock = threading.Lock()
_depth = 0
_before = 0


@contextmanager
def single_threaded() -> Iterator[None]:
    """Products inside use one thread each, so that results don't depend on how many there are."""
    global _depth, _before
    calls = _calls()
    if calls is None:
        yield
        return
    set_threads, get_threads = calls
    with _lock:
        _depth += 1
        if _depth == 1:
            _before = get_threads()
            set_threads(1)
    try:
        yield
    finally:
        with _lock:
            _depth -= 1
            if _depth == 0:
                set_threads(_before)


@contextmanager
def threaded() -> Iterator[None]:
    """Products inside use as many threads as before ``single_threaded``; for one caller at a time.

    That is for a few vectors by a large matrix: there BLAS's threads start at once, and ours wait
    for the interpreter.
    """
    calls = _calls()
    if calls is None or not _depth:
        yield
        return
    set_threads, _ = calls
    set_threads(_before)
    try:
        yield
    finally:
        set_threads(1)


@functools.cache
def _calls() -> tuple[Any, Any] | None:
    """The functions that set and tell the number of threads of the loaded OpenBLAS."""
    for path in _loaded():
        library = ctypes.CDLL(path)
        for prefix in _PREFIXES:
            for suffix in _SUFFIXES:
                setter = getattr(library, f"{prefix}_set_num_threads{suffix}", None)
                getter = getattr(library, f"{prefix}_get_num_threads{suffix}", None)
                if setter is not None and getter is not None:
                    return setter, getter
    return None


def _loaded() -> list[str]:
    """Paths of the OpenBLAS libraries that this process has mapped."""
    try:
        maps = Path("/proc/self/maps").read_text()
    except OSError:
        return []
    return sorted(set(re.findall(r"(/\S*openblas\S*\.so\S*)", maps)))
