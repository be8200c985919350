"""``re:REGEX``: a regular expression that must match the whole name, within a time limit."""

import re
import signal
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from paramctl.errors import SelectionError
from paramctl.names import show
from paramctl.select.pieces import quoted
from paramctl.select.predicate import Predicate, Test
from paramctl.select.vocabulary import Vocabulary

SECONDS = 2.0
LONGEST = 10_000

# A character of a regular expression as it stands in a selection: escapes and classes hide
# what would end it; an unquoted one ends at white space or at a ')' that it did not open.
_PART = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[^\s\\]", re.DOTALL)
_APART = """
import json, re, sys
pattern, names = json.load(sys.stdin)
match = re.compile(pattern).fullmatch
json.dump([name for name in names if match(name)], sys.stdout)
"""


class _ExpiredError(Exception):
    """The time limit passed."""


@dataclass(frozen=True)
class Regex(Predicate):
    """A regular expression of Python's ``re``, case-sensitive, for whole names."""

    pattern: str

    def bind(self, vocabulary: Vocabulary) -> Test:
        """Tries every name at once, so that one limit of time covers all of them.

        Raises:
            SelectionError: it takes longer than ``SECONDS``.
        """
        chosen = frozenset(matching(self.pattern, vocabulary.manifest.names))
        return lambda entry: entry.name in chosen

    def __str__(self) -> str:
        plain = self.pattern and not self.pattern.startswith('"')
        if plain and unquoted_end(self.pattern, 0) == len(self.pattern):
            return f"re:{self.pattern}"
        return f"re:{quoted(self.pattern)}"


def unquoted_end(text: str, start: int) -> int:
    """Where a regular expression that begins at ``start`` ends in a selection's text."""
    depth, position = 0, start
    while part := _PART.match(text, position):
        depth += {"(": 1, ")": -1}.get(part[0], 0)
        if depth < 0:
            break
        position = part.end()
    return position


def compiled(pattern: str) -> re.Pattern[str]:
    """The compiled expression.

    Raises:
        re.error: it is none, or too long or too deep to be one.
    """
    if len(pattern) > LONGEST:
        raise re.error(f"longer than {LONGEST:,} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return re.compile(pattern)
    except OverflowError:
        raise re.error("a repetition count is too large") from None
    except RecursionError:
        raise re.error("nested too deep") from None


def matching(pattern: str, names: Sequence[str], *, seconds: float = SECONDS) -> list[str]:
    """The names that a regular expression matches as a whole.

    Raises:
        SelectionError: it is not done after ``seconds``.
    """
    try:
        if threading.current_thread() is not threading.main_thread():
            return _matching_apart(pattern, names, seconds)
        match = compiled(pattern).fullmatch
        with _limit(seconds):
            return [name for name in names if match(name)]
    except _ExpiredError:
        raise SelectionError(
            f"'re:{show(pattern)}' took more than {seconds:g} seconds for {len(names):,} names",
            hint="repetitions inside repetitions, as in (a+)+, take for ever: use a glob",
        ) from None


@contextmanager
def _limit(seconds: float) -> Iterator[None]:
    """Raise ``_ExpiredError`` in the main thread after a time: ``re`` heeds signals."""

    def expire(number: int, frame: FrameType | None) -> None:
        raise _ExpiredError

    before = signal.signal(signal.SIGALRM, expire)
    delay, interval = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, delay, interval)
        signal.signal(signal.SIGALRM, before)


def _matching_apart(pattern: str, names: Sequence[str], seconds: float) -> list[str]:
    """The same in a process of its own: other threads get no signals, but can end a process."""
    import json
    import subprocess
    import sys

    try:
        done = subprocess.run(
            [sys.executable, "-I", "-c", _APART],
            input=json.dumps([pattern, list(names)]),
            capture_output=True,
            text=True,
            timeout=seconds + 1,  # the process has to start first
            check=True,
        )
    except subprocess.TimeoutExpired:
        raise _ExpiredError from None
    found: list[str] = json.loads(done.stdout)
    return found
