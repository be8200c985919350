"""A line on a terminal that says which module runs now."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, TextIO

from paramctl.engine.module import Module
from paramctl.names import show

_WAIT = 0.5  # seconds before the first line: short runs stay quiet
_EVERY = 0.1
_WIDEST = 70
_CLEAR = "\r\x1b[2K"


class ProgressLine:
    """A hook that rewrites one line with the module that begins; ``clear`` wipes it out.

    Args:
        stream: the terminal.
        clock: seconds.
    """

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._next: float | None = None
        self._count = 0
        self._is_shown = False

    def before(self, module: Module, values: Sequence[Any]) -> None:
        """Say which module begins, at most ten times a second."""
        self._count += 1
        now = self._clock()
        if self._next is None:  # what comes before the first module, reading and imports, is no run
            self._next = now + _WAIT
        if now < self._next:
            return
        self._next = now + _EVERY
        name = show(module.path or module.type_name)
        text = f"{self._count:,} modules, now {name}"
        self._stream.write(_CLEAR + (text if len(text) <= _WIDEST else f"{text[:_WIDEST]}…"))
        self._stream.flush()
        self._is_shown = True

    def after(self, module: Module, value: Any) -> None:
        """Nothing to do."""

    def clear(self) -> None:
        """Wipe the line out, if there is one."""
        if self._is_shown:
            self._stream.write(_CLEAR)
            self._stream.flush()
            self._is_shown = False
