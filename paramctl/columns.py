"""Entries column by column: what lists and counts many tensors never makes an object of each.

An entry has ten fields, of which those behind the name are the same for most tensors of a file.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from paramctl.manifest import Entry, Shape

Alike = tuple[str, "Shape", str, str | None, int]


class Columns(Sequence["Entry"]):
    """Entries of which the objects are made when somebody asks for the first of them.

    Attributes:
        names: the name of each.
        alike: what comes behind it: dtype, shape, kind, tie and shard. Tensors of one form may
            share the object.

    Args:
        rows: gives the entries themselves.
    """

    def __init__(
        self,
        names: list[str],
        alike: "list[Alike]",
        rows: "Callable[[], Iterable[Entry]]",
    ) -> None:
        self.names = names
        self.alike = alike
        self._rows = rows

    @classmethod
    def of(cls, entries: "Iterable[Entry]") -> "Columns":
        """The columns of some entries; those that are columns already as they are."""
        if isinstance(entries, Columns):
            return entries
        rows = tuple(entries)
        return cls(list(map(itemgetter(0), rows)), [row[1:6] for row in rows], lambda: rows)

    @classmethod
    def joined(cls, parts: "Sequence[Columns]") -> "Columns":
        """The entries of all parts, one after another."""
        if len(parts) == 1:
            return parts[0]
        names = list(chain.from_iterable(part.names for part in parts))
        alike = list(chain.from_iterable(part.alike for part in parts))
        return cls(names, alike, lambda: chain.from_iterable(parts))

    def picked(self, places: Sequence[int]) -> "Columns":
        """The entries at some places, in their order."""
        names, alike = self.names, self.alike
        return Columns(
            [names[place] for place in places],
            [alike[place] for place in places],
            lambda: map(self.entries.__getitem__, places),
        )

    @cached_property
    def entries(self) -> "tuple[Entry, ...]":
        """The entries themselves."""
        return tuple(self._rows())

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> "Iterator[Entry]":
        return iter(self.entries)

    @overload
    def __getitem__(self, place: int) -> "Entry": ...
    @overload
    def __getitem__(self, place: slice) -> "tuple[Entry, ...]": ...
    def __getitem__(self, place: int | slice) -> "Entry | tuple[Entry, ...]":
        return self.entries[place]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Columns) and self.entries == other.entries

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> "tuple[Callable[[Iterable[Entry]], Columns], tuple[object]]":
        return Columns.of, (self.entries,)
