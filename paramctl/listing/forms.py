"""Structures by number: two modules of one form have the same things below.

What a form holds in all is added up once, however often it occurs.
"""

from collections.abc import Sequence
from typing import Any

from paramctl.manifest import Entry

Totals = tuple[int, int | None, int | None]


class Forms:
    """The forms met so far, each with its number and its totals."""

    def __init__(self) -> None:
        self._numbers: dict[Any, int] = {}
        self._totals: list[Totals] = []

    def of_entry(self, entry: Entry) -> int:
        """The form of a tensor: its dtype, shape and kind, and whether it is an alias."""
        key: Any = entry[1:5] if entry[4] is None else (*entry[1:4], True)
        number = self._numbers.get(key)
        if number is None:
            stored = not entry.is_alias
            totals = (1, entry.numel if stored else 0, entry.nbytes if stored else 0)
            number = self._add(key, totals)
        return number

    def of_branch(self, own: tuple[int, ...], below: tuple[tuple[str, int], ...]) -> int:
        """The form of a module.

        Args:
            own: the form of the tensor of the same name, if there is one.
            below: the names below it with their forms, in an order that is always the same.
        """
        key = own, below
        number = self._numbers.get(key)
        if number is None:
            parts = [self._totals[form] for form in (*own, *(form for _, form in below))]
            tensors, numel, nbytes = zip((0, 0, 0), *parts, strict=True)
            number = self._add(key, (sum(tensors), _sum(numel), _sum(nbytes)))
        return number

    def totals(self, form: int, times: int) -> Totals:
        """Tensors, elements and bytes of so many of a form; ``None`` where a size is unknown."""
        tensors, numel, nbytes = self._totals[form]
        return (
            tensors * times,
            None if numel is None else numel * times,
            None if nbytes is None else nbytes * times,
        )

    def _add(self, key: Any, totals: Totals) -> int:
        self._totals.append(totals)
        return self._numbers.setdefault(key, len(self._numbers))


def _sum(sizes: Sequence[int | None]) -> int | None:
    total = 0
    for size in sizes:
        if size is None:
            return None
        total += size
    return total
