"""Layers that are alike name by name, found before a tree grows, so that only one of them does.

Names are cut behind their first segment that is a number. Where what follows one number, with
dtypes, shapes, kinds and ties, is what follows another in the same order, the two are twins.
"""

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from paramctl.manifest import Entry

_NUMBER = re.compile(r"(?:\A|\.)(0|[1-9][0-9]{0,17})\.")


class Twins(NamedTuple):
    """Entries of which those of some layers were left out.

    Attributes:
        entries: those that stay, of alike layers those of the lowest number.
        same: (path, number, twin) for each layer left out: it is as its twin at the same path,
            which ends with a dot or is empty.
    """

    entries: list[Entry]
    same: list[tuple[str, str, str]]


class _Layer(NamedTuple):
    """The entries behind one number: what follows it in each name, and the rest of each."""

    entries: list[Entry]
    rests: list[str]
    forms: list[Any]


def without_twins(entries: Iterable[Entry]) -> Twins:
    """All layers but those that have a twin with a lower number."""
    layers, kept = _layers(entries)
    names = {entry[0] for entry in kept}  # a layer's own name may be one: it has no twin then
    same: list[tuple[str, str, str]] = []
    for path, numbers in layers.items():
        first: dict[Any, str] = {}
        for number in sorted(numbers, key=int):
            layer, twin = numbers[number], number
            if f"{path}{number}" not in names:
                twin = first.setdefault((*layer.rests, *layer.forms), number)
            if twin == number:
                kept += layer.entries
            else:
                same.append((path, number, twin))
    return Twins(kept, same)


def _layers(entries: Iterable[Entry]) -> tuple[dict[str, dict[str, _Layer]], list[Entry]]:
    """The layers by path and number, and the entries that are in none."""
    others: list[Entry] = []
    layers: dict[str, dict[str, _Layer]] = {}
    prefix, layer = "", _Layer([], [], [])  # of the name before: those of a layer come together
    for entry in entries:
        name = entry[0]
        if not prefix or not name.startswith(prefix):
            found = _NUMBER.search(name)
            if found is None:
                others.append(entry)
                continue
            prefix = name[: found.end()]
            numbers = layers.setdefault(name[: found.start(1)], {})
            layer = numbers.setdefault(found[1], _Layer([], [], []))
        layer.entries.append(entry)
        layer.rests.append(name[len(prefix) :])
        layer.forms.append(entry[1:5])
    return layers, others
