"""Layers: names that are the same behind their first number, most of them written down once.

Names are cut behind their first segment that is a number. The names of a layer come together,
and as those of the layer before, so that what follows the number is compared in one go.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from paramctl.columns import Alike, Columns
from paramctl.manifest import Entry

_NUMBER = re.compile(r"(?:\A|\.)(0|[1-9][0-9]{0,17})\.")


class Run(NamedTuple):
    """Names of one layer that follow each other.

    Attributes:
        place: of the first of them.
        rests: what follows the number in each; runs that are alike may share the list.
    """

    place: int
    rests: list[str]

    @property
    def places(self) -> range:
        """Of all of them."""
        return range(self.place, self.place + len(self.rests))


class Layers(NamedTuple):
    """Names by layers.

    Attributes:
        runs: of each layer, by its path, which ends with a dot or is empty, and its number.
        others: the places of names that are in no layer.
    """

    runs: dict[str, dict[str, list[Run]]]
    others: list[int]


class Twins(NamedTuple):
    """Entries of which those of some layers were left out.

    Attributes:
        entries: those that stay, of alike layers those of the lowest number; without their
            places in a file.
        same: (path, number, twin) for each layer left out: it is as its twin at the same path.
    """

    entries: list[Entry]
    same: list[tuple[str, str, str]]


def layers_of(names: Sequence[str]) -> Layers:
    """Names cut into layers."""
    runs: dict[str, dict[str, list[Run]]] = {}
    others: list[int] = []
    known: dict[str, list[str]] = {}
    place = 0
    while place < len(names):
        found = _NUMBER.search(names[place])
        if found is None:
            others.append(place)
            place += 1
            continue
        rests = _rests(names, place, found.end(), known)
        numbers = runs.setdefault(names[place][: found.start(1)], {})
        numbers.setdefault(found[1], []).append(Run(place, rests))
        place += len(rests)
    return Layers(runs, others)


def _rests(names: Sequence[str], place: int, end: int, known: dict[str, list[str]]) -> list[str]:
    """What follows the number in names from some place on.

    Args:
        end: where that begins in the first of them.
        known: by its first text, what was found last.
    """
    prefix, first = names[place][:end], names[place][end:]
    usual = known.get(first, [])
    if usual and names[place : place + len(usual)] == [prefix + rest for rest in usual]:
        return usual
    rests = known[first] = [first]
    while (place := place + 1) < len(names) and names[place].startswith(prefix):
        rests.append(names[place][end:])
    return rests


def without_twins(entries: Iterable[Entry]) -> Twins:
    """All layers but those that have a twin with a lower number.

    Twins have the same names, dtypes, shapes, kinds and ties in the same order.
    """
    columns = Columns.of(entries)
    layers, kept = layers_of(columns.names)
    names = {columns.names[place] for place in kept}  # a layer's own name may be one: no twin then
    forms = list(map(_Numbers().__getitem__, columns.alike))
    same: list[tuple[str, str, str]] = []
    for path, numbers in layers.items():
        first: dict[tuple[str | int, ...], str] = {}
        for number in sorted(numbers, key=int):
            runs, twin = numbers[number], number
            if f"{path}{number}" not in names:
                twin = first.setdefault(tuple(_looks(runs, forms)), number)
            if twin == number:
                kept.extend(chain.from_iterable(run.places for run in runs))
            else:
                same.append((path, number, twin))
    return Twins([Entry(columns.names[i], *columns.alike[i]) for i in kept], same)


def _looks(runs: Sequence[Run], forms: Sequence[int]) -> Iterator[str | int]:
    """What two layers have in common if they are twins."""
    yield from chain.from_iterable(run.rests for run in runs)
    for run in runs:
        yield from forms[run.place : run.place + len(run.rests)]


class _Numbers(dict[Alike, int]):
    """A number for each dtype, shape, kind and tie, whatever the shard."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[tuple[object, ...], int] = {}

    def __missing__(self, alike: Alike) -> int:
        number = self[alike] = self._known.setdefault(alike[:4], len(self._known))
        return number
