"""Tensor names: their order, their segments, and how they are shown to people.

A name in a checkpoint is any Unicode text. It is shown with everything escaped that a
terminal would act on or that two readers could see differently.
"""

import difflib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

_DIGITS = re.compile(r"(\d+)")
_PLAIN = re.compile(r"[A-Za-z0-9_.\-/ \[\]{}()<>=+*,:;!?@#$%^&|~'\"]*")
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9_.\-/ \[\]{}()<>=+*,:;!?@#$%^&|~'\"]")
_LAYER = re.compile(r"(?<![^.])[0-9]{1,18}(?![^.])")
_PLAIN_CODES = bytes(range(33, 127))
_PRINTING = bytes(range(32, 127))
_TOGETHER = 1 << 11  # names whose keys are made together, in memory that is used again
_ONLY_DIGITS = bytes(code if code in b"0123456789" else 32 for code in range(256))
_NO_DIGITS = bytes(32 if code in b"0123456789" else code for code in range(256))
_MARKS = bytes((*range(1, 9), *range(14, 32)))  # below '!', and no white space
_LONGEST = 512
_MOST_DIGITS = 4000
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def natural_key(name: str) -> tuple[list[Any], str]:
    """Sort key under which ``layers.2`` comes before ``layers.10``.

    Text and numbers alternate; what is equal but for leading zeros goes by code point.
    """
    parts: list[Any] = _DIGITS.split(name)
    try:
        parts[1::2] = map(int, parts[1::2])
    except ValueError:  # Python reads numbers of up to 4,300 digits
        parts[1::2] = [int(part[:_MOST_DIGITS]) for part in parts[1::2]]
    return parts, name


def natural_keys(names: Sequence[str]) -> list[Any]:
    """A sort key for each name, in the order of `natural_key`; faster for many at once.

    Keys of one call compare with each other only. Plain names are cut at their numbers all
    together, and each becomes one text in which a number begins with its length.
    """
    keys: list[Any] = []
    has_zeros = False
    for start in range(0, len(names), _TOGETHER):
        found = _plain_keys(names[start : start + _TOGETHER])
        if found is None:
            return [natural_key(name) for name in names]
        keys += found[0]
        has_zeros |= found[1]
    return list(zip(keys, names, strict=True)) if has_zeros else keys  # by code point if equal


def _plain_keys(names: Sequence[str]) -> tuple[list[bytes], bool] | None:
    """Keys of plain names, and whether a number begins with zeros, which they leave out."""
    data = "!".join(names).encode("utf-8", "surrogatepass")
    if data.translate(None, _PLAIN_CODES) or data.count(b"!") != len(names) - 1:
        return None
    numbers, texts = data.translate(_ONLY_DIGITS).split(), data.translate(_NO_DIGITS).split()
    marks = _Marks()
    pieces = [b""] * (len(numbers) + len(texts))
    is_first = data[:1].isdigit()
    pieces[not is_first :: 2] = map(marks.__getitem__, numbers)
    pieces[is_first::2] = texts
    if max(map(len, marks), default=0) >= len(_MARKS):
        return None
    has_zeros = any(len(digits) > 1 and digits.startswith(b"0") for digits in marks)
    return b"".join(pieces).split(b"!"), has_zeros


class _Marks(dict[bytes, bytes]):
    """Digits as texts that sort as their numbers: a mark for the length, then the digits.

    The marks sort below every character of a plain name, as a number does below a letter.
    """

    def __missing__(self, digits: bytes) -> bytes:
        significant = digits.lstrip(b"0")
        marked = _MARKS[len(significant) : len(significant) + 1] + significant
        self[digits] = marked
        return marked


def is_printable(text: str) -> bool:
    """``text.isprintable()``, which of a long plain text takes ten times as long."""
    if text.isascii():
        return not text.encode().translate(None, _PRINTING)
    return text.isprintable()


def natural_order(names: Iterable[str]) -> list[str]:
    """Names in natural order: numbers by value, the rest by code point."""
    found = list(names)
    keys = natural_keys(found)
    return [found[place] for place in sorted(range(len(found)), key=keys.__getitem__)]


def show(name: str) -> str:
    """The name as people read it: escaped, and a very long one cut in the middle."""
    if len(name) > _LONGEST:
        name = f"{name[: _LONGEST // 2]}…{len(name) - _LONGEST} more…{name[-_LONGEST // 2 :]}"
    return escape(name)


def escape(name: str) -> str:
    """The whole name with control, bidi, invisible and unassigned characters escaped.

    What is left are characters that print, on one line, in reading order. Plain ASCII is
    returned as it is.
    """
    if _PLAIN.fullmatch(name):
        return name
    return _NOT_PLAIN.sub(lambda found: _shown(found[0]), name)


@lru_cache(maxsize=4096)
def _shown(character: str) -> str:
    if character == "\\":
        return "\\\\"
    if unicodedata.category(character) not in _HIDDEN and not unicodedata.combining(character):
        return character if character == " " or not character.isspace() else _escaped(character)
    return _escaped(character)


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 256 else f"\\u{{{code:x}}}"


def counted(count: int, noun: str) -> str:
    """A count and its noun: ``1 tensor``, ``3 tensors``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def layer_segment(name: str) -> tuple[str, int] | None:
    """The first all-digit segment of a name, with the path before it; ``None`` without one.

    ``model.layers.3.mlp.weight`` gives ``("model.layers", 3)``.
    """
    match = _LAYER.search(name)
    return (name[: max(0, match.start() - 1)], int(match[0])) if match else None


def near(name: str, names: Iterable[str], count: int = 3) -> list[str]:
    """The names most like ``name``, best first; looks at no more than 20,000 of them."""
    candidates = [other for other, _ in zip(names, range(20_000), strict=False)]
    return difflib.get_close_matches(name, candidates, n=count, cutoff=0.5)
