"""Names that differ in their numbers only, as one selection: ``layers.{0..31}.attn.q.weight``."""

from collections.abc import Hashable, Iterable, Sequence
from math import prod
from typing import NamedTuple, TypeVar

from paramctl.names import escape

_Key = TypeVar("_Key", bound=Hashable)
_MOST_LISTED = 6
_MEANT = set('*?[]{}"\\!&|() ')  # what a selection takes for something else


class Group(NamedTuple):
    """Places of names in the list they came from, and what stands for them all."""

    title: str
    places: list[int]


def grouped(names: Sequence[str], kinds: Sequence[_Key]) -> list[Group]:
    """The names in groups, each in the order of its first member.

    Names go together when they are of one kind and differ in whole segments of digits only. A
    group of one keeps its name; the title of a larger one selects every name in it.

    Args:
        kinds: of each name; names of different kinds never share a group.
    """
    found: dict[tuple[_Key, tuple[str, ...]], list[int]] = {}
    for place, (name, kind) in enumerate(zip(names, kinds, strict=True)):
        masked = tuple("#" if _is_number(part) else part for part in name.split("."))
        plain = not _MEANT & set(name) and escape(name) == name
        found.setdefault((kind, masked if plain else (name,)), []).append(place)
    return [Group(_title([names[place] for place in places]), places) for places in found.values()]


def _is_number(segment: str) -> bool:
    return segment.isascii() and segment.isdecimal() and len(segment) < 19


def _title(names: Sequence[str]) -> str:
    if len(names) == 1:
        return names[0]
    columns = [list(dict.fromkeys(column)) for column in zip(*_split(names), strict=True)]
    is_whole = prod(map(len, columns)) == len(set(names))
    return ".".join(
        column[0] if len(column) == 1 else _numbers(column) if is_whole else "*"
        for column in columns
    )


def _split(names: Iterable[str]) -> Iterable[list[str]]:
    return (name.split(".") for name in names)


def _numbers(digits: Sequence[str]) -> str:
    numbers = sorted(map(int, digits))
    is_run = numbers == list(range(numbers[0], numbers[-1] + 1))
    is_plain = all(str(int(text)) == text for text in digits)
    if is_run and is_plain and len(numbers) > 2:
        return f"{{{numbers[0]}..{numbers[-1]}}}"
    if len(digits) <= _MOST_LISTED:
        return f"{{{','.join(sorted(digits, key=int))}}}"
    return "*"
