"""The natural order of many names: that of their layers, and within layers one that most share."""

import re
from collections.abc import Sequence
from itertools import chain

from paramctl.listing.layers import Run, layers_of
from paramctl.names import natural_keys

_UNUSUAL = re.compile(r"(?<![0-9])0[0-9]|[^\0-\x7f]")  # digits that aren't the number's own


def natural_places(names: Sequence[str]) -> list[int]:
    """The places of names, those first that come first in natural order.

    No name of one layer comes between two of another, as the beginning up to the first number
    decides, unless there are leading zeros or digits of other scripts.
    """
    layers, others = layers_of(names)
    runs = [runs for numbers in layers.values() for runs in numbers.values()]
    firsts = [f"{path}{number}." for path, numbers in layers.items() for number in numbers]
    firsts += map(names.__getitem__, others)
    if 4 * len(firsts) > len(names) or _UNUSUAL.search("\n".join(firsts)):
        return _sorted(names)
    orders: dict[int, list[int]] = {}
    found: list[int] = []
    for number in _sorted(firsts):
        if number < len(runs):
            found += _places(runs[number], orders)
        else:
            found.append(others[number - len(runs)])
    return found


def _sorted(names: Sequence[str]) -> list[int]:
    return sorted(range(len(names)), key=natural_keys(names).__getitem__)


def _places(runs: Sequence[Run], orders: dict[int, list[int]]) -> list[int]:
    """The places of a layer's names in order; ``orders`` of lists that layers share are kept."""
    if len(runs) > 1:
        places = list(chain.from_iterable(run.places for run in runs))
        rests = list(chain.from_iterable(run.rests for run in runs))
        return [places[place] for place in _sorted(rests)]
    place, rests = runs[0]
    order = orders.get(id(rests))
    if order is None:
        order = orders[id(rests)] = _sorted(rests)
    return [place + step for step in order]
