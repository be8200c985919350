"""The pieces of one segment of a glob: how each is spelled, and as a regular expression.

No piece matches a dot, so a segment of a pattern matches within one segment of a name. The
expressions don't backtrack over more than one ``*``: time is linear in the name.
"""

import itertools
import re
from dataclasses import dataclass

_BARE = re.compile(r"[A-Za-z0-9_+/%~#-]+")
_ITEM = re.compile(r"(.)(?:-(.))?", re.DOTALL)
_ALTERNATIVES = 1000


class TooManyPatternsError(Exception):
    """A segment with several ``*`` and braces stands for too many patterns."""


@dataclass(frozen=True)
class Text:
    """Characters that stand for themselves."""

    text: str

    def __str__(self) -> str:
        return self.text if _BARE.fullmatch(self.text) else quoted(self.text)


@dataclass(frozen=True)
class Star:
    """``*``: any characters within the segment."""

    def __str__(self) -> str:
        return "*"


@dataclass(frozen=True)
class One:
    """``?``: one character."""

    def __str__(self) -> str:
        return "?"


@dataclass(frozen=True)
class Class:
    """``[a-z_]`` or ``[!a-z]``: one character of a set, or one of all others.

    Attributes:
        body: characters and ranges as they are written; a ``]`` stands first, a ``-`` at an end.
        negated: whether the set is left out.
    """

    body: str
    negated: bool = False

    @property
    def ranges(self) -> list[tuple[str, str]]:
        """First and last character of each part, both included."""
        return [(low, high or low) for low, high in _ITEM.findall(self.body)]

    def __str__(self) -> str:
        return f"[{'!' * self.negated}{self.body}]"


@dataclass(frozen=True)
class Numbers:
    """``{8..11}``: whole numbers, both ends included; ``{08..11}`` with leading zeros."""

    low: int
    high: int
    width: int = 0

    def __str__(self) -> str:
        return f"{{{self.low:0{self.width}d}..{self.high:0{self.width}d}}}"


@dataclass(frozen=True)
class Choice:
    """``{q,k,v}``: one of several sequences of pieces."""

    alternatives: "tuple[Segment, ...]"

    def __str__(self) -> str:
        return "{" + ",".join(spelled(pieces) for pieces in self.alternatives) + "}"


Piece = Text | Star | One | Class | Numbers | Choice
Segment = tuple[Piece, ...]


def quoted(text: str) -> str:
    """Literal text as the grammar writes it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def spelled(segment: Segment) -> str:
    """A segment as the grammar writes it."""
    return "".join(str(piece) for piece in segment)


def expression(segment: Segment) -> str:
    """The regular expression of a whole segment; what follows it must be a dot or the end.

    Raises:
        TooManyPatternsError: see there.
    """
    if _stars(segment) < 2:
        return "".join(_expression(piece) for piece in segment)
    # With braces, the first place where a part fits need not be the best one, so that each
    # way to fill them is a pattern of its own.
    ways = sorted({_linear(pieces) for pieces in _filled(segment)})
    return ways[0] if len(ways) == 1 else f"(?:{'|'.join(ways)})"


def _linear(segment: Segment) -> str:
    """Between two ``*`` the first fit is as good as any: it is taken and never given back."""
    parts: list[list[Piece]] = [[]]
    for piece in segment:
        if isinstance(piece, Star):
            parts.append([])
        else:
            parts[-1].append(piece)
    first, *rest = ("".join(_expression(piece) for piece in part) for part in parts)
    if not rest:
        return first
    *middle, last = rest
    return first + "".join(f"(?>[^.]*?{part})" for part in middle if part) + "[^.]*" + last


def _expression(piece: Piece) -> str:
    match piece:
        case Text(text):
            return re.escape(text)
        case Star():
            return "[^.]*"
        case One():
            return "[^.]"
        case Class():
            items = "".join(f"{re.escape(low)}-{re.escape(high)}" for low, high in piece.ranges)
            return f"[^.{items}]" if piece.negated else rf"(?!\.)[{items}]"
        case Numbers(low, high, width):
            return numbers(low, high, width)
        case Choice(alternatives):
            inner = ("".join(_expression(part) for part in pieces) for pieces in alternatives)
            return f"(?:{'|'.join(inner)})"


def _stars(segment: Segment) -> int:
    return sum(
        max(_stars(pieces) for pieces in piece.alternatives)
        if isinstance(piece, Choice)
        else isinstance(piece, Star)
        for piece in segment
    )


def _filled(segment: Segment) -> list[Segment]:
    """The segment once for each way to fill its braces."""
    choices: list[list[Segment]] = []
    count = 1
    for piece in segment:
        match piece:
            case Choice(alternatives):
                choices.append(list(alternatives))
            case Numbers(low, high, width) if high - low < _ALTERNATIVES:
                choices.append([(Text(f"{n:0{width}d}"),) for n in range(low, high + 1)])
            case Numbers():
                raise TooManyPatternsError
            case _:
                choices.append([(piece,)])
        count *= len(choices[-1])
        if count > _ALTERNATIVES:
            raise TooManyPatternsError
    return [tuple(itertools.chain(*parts)) for parts in itertools.product(*choices)]


def numbers(low: int, high: int, width: int = 0) -> str:
    """A regular expression of the decimal numbers ``low..high``, both ends included.

    Args:
        low, high: ends of the range, not negative, ``low <= high``.
        width: least number of digits, filled with zeros in front.
    """
    parts = []
    for digits in range(len(str(low)), len(str(high)) + 1):
        first = max(low, 10 ** (digits - 1) if digits > 1 else 0)
        last = min(high, 10**digits - 1)
        zeros = "0" * max(0, width - digits)
        parts.append(zeros + _same_length(str(first), str(last)))
    return f"(?:{'|'.join(parts)})"


def _same_length(low: str, high: str) -> str:
    if low == high:
        return low
    rest = len(low) - 1
    if low[0] == high[0]:
        return low[0] + _same_length(low[1:], high[1:])
    if not rest:
        return f"[{low}-{high}]"
    parts = [
        low[0] + _same_length(low[1:], "9" * rest),
        high[0] + _same_length("0" * rest, high[1:]),
    ]
    if int(high[0]) - int(low[0]) > 1:
        parts.append(f"[{int(low[0]) + 1}-{int(high[0]) - 1}][0-9]{{{rest}}}")
    return f"(?:{'|'.join(parts)})"
