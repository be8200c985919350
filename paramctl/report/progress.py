"""How far a long command is: one line on standard error, on a terminal, that goes away again."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO

from paramctl.compute.traffic import Kind, listening
from paramctl.report.values import bytes_text

_PATIENCE = 1.0  # seconds, below which nobody wants to know
_PAUSE = 0.1
_ERASE = "\r\x1b[K"


@dataclass
class Progress:
    """Counts bytes and draws a line about them every tenth of a second, from the second one on.

    Attributes:
        what: the verb in front, such as ``reading``.
        kind: which bytes count.
        clock: tells seconds.
    """

    what: str
    kind: Kind
    stream: TextIO
    clock: Callable[[], float] = time.monotonic
    done: int = 0
    expected: int = 0
    _drawn: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._begun = self.clock()
        self._next = self._begun + _PATIENCE

    def expect(self, nbytes: int) -> None:
        """So many more bytes will go by."""
        with self._lock:
            self.expected += nbytes

    def advance(self, nbytes: int) -> None:
        """So many bytes have gone by."""
        with self._lock:
            self.done += nbytes
            now = self.clock()
            if now >= self._next:
                self._next = now + _PAUSE
                self._drawn = True
                self._write(f"{_ERASE}{self.line(now)[: _width(self.stream) - 1]}")

    def line(self, now: float) -> str:
        """``reading 1.2 GiB of 4.0 GiB, 30%, 1.1 GiB/s, 3 s left``; without an end where that
        is unknown or was passed."""
        rate = self.done / max(now - self._begun, 1e-9)
        speed = f"{bytes_text(int(rate))}/s"
        if not self.expected or self.done > self.expected:
            return f"{self.what} {bytes_text(self.done)}, {speed}"
        left = _seconds((self.expected - self.done) / rate) if rate else "?"
        share = f"{100 * self.done // self.expected}%"
        whole = f"{bytes_text(self.done)} of {bytes_text(self.expected)}"
        return f"{self.what} {whole}, {share}, {speed}, {left} left"

    def erase(self) -> None:
        """Leave the terminal as it was."""
        with self._lock:
            if self._drawn:
                self._write(_ERASE)

    def _write(self, text: str) -> None:
        try:
            self.stream.write(text)
            self.stream.flush()
        except (OSError, ValueError):
            self._next = float("inf")  # a terminal that is gone is no reason to stop


@contextmanager
def progress(what: str, kind: Kind = "read", *, quiet: bool = False) -> Iterator[None]:
    """Show how far the work inside is, where standard error is a terminal that can erase."""
    if quiet or not sys.stderr.isatty() or os.environ.get("TERM", "dumb") == "dumb":
        yield
        return
    shown = Progress(what, kind, sys.stderr)
    try:
        with listening(shown):
            yield
    finally:
        shown.erase()


def _seconds(count: float) -> str:
    if count < 60:
        return f"{max(1, round(count))} s"
    minutes, seconds = divmod(round(count), 60)
    return (
        f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min {seconds} s"
    )


def _width(stream: TextIO) -> int:
    try:
        return max(20, os.get_terminal_size(stream.fileno()).columns or 80)
    except (OSError, ValueError):
        return 80
