"""A diff as ``git diff --stat`` would show it: a line per place, the largest change first.

Tensors at the same place of several layers share a line; what is too wide for the terminal is
said in fewer words, then below its name.
"""

import math
from collections.abc import Iterator, Sequence

from paramctl.names import show
from paramctl.report.diff_places import Place
from paramctl.report.plain import width_of
from paramctl.report.screen import Screen
from paramctl.report.values import number_text
from paramctl.report.wrapping import in_lines

_LONGEST_BAR = 24
_SHORTEST_BAR = 8
_SIGNS = {"added": ("+", "32"), "removed": ("-", "31")}
_WITHOUT_BAR = ("cast", "renamed", "retied", "reshaped")
_EDGES = 5  # columns for what stands between title, words and bar


def stat(found: Sequence[Place], screen: Screen) -> Iterator[str]:
    """``title | what | bar`` lines, the bar as long as the change is large next to the others."""
    width = max((width_of(show(place.title)) for place in found), default=0)
    for is_detailed in (True, False):
        words = [_beside(place, is_detailed) for place in found]
        room = screen.width - width - max(map(width_of, words), default=0) - _EDGES
        if not screen.is_terminal or room >= _SHORTEST_BAR:
            return _in_columns(found, words, width, room, screen)
    return _below_names(found, screen)


def _in_columns(
    found: Sequence[Place], words: Sequence[str], width: int, room: int, screen: Screen
) -> Iterator[str]:
    second = max(map(width_of, words), default=0)
    longest = min(_LONGEST_BAR, room) if screen.is_terminal else _LONGEST_BAR
    most = _most(found)
    for place, text in zip(found, words, strict=True):
        left, right = _padded(show(place.title), width), _padded(text, second)
        yield f" {left} | {right} {_bar(place, most, longest, screen)}".rstrip()


def _below_names(found: Sequence[Place], screen: Screen) -> Iterator[str]:
    for is_detailed in (True, False):
        words = [_words(place, is_detailed) for place in found]
        room = screen.width - max(map(width_of, words), default=0) - _EDGES
        if room >= _SHORTEST_BAR:
            break
    longest = max(_SHORTEST_BAR, min(_LONGEST_BAR, room))
    most, width = _most(found), screen.width - longest - _EDGES
    widest = max((width_of(text) for text in words if width_of(text) <= width), default=0)
    for place, text in zip(found, words, strict=True):
        yield f" {show(place.title)}"
        if place.to:
            yield f"    to {show(place.to)}"
        bar = _bar(place, most, longest, screen)
        *above, last = in_lines(f"    {text}", screen.width - longest - 1, "    ")
        yield from above
        yield f"{_padded(last, widest + 4)} {bar}".rstrip()


def _beside(place: Place, is_detailed: bool) -> str:
    words = _words(place, is_detailed)
    if not place.to:
        return words
    return f"{words}{' to' if place.status == 'renamed' else ', now'} {show(place.to)}"


def _words(place: Place, is_detailed: bool) -> str:
    """What happened: figures, fewer of them where there is little room, and what explains it."""
    parts = []
    if place.differing is not None:
        parts.append(f"{place.share} of {place.numel:,}" if is_detailed else place.share)
        if is_detailed and place.max_abs is not None:
            parts.append(f"max {number_text(place.max_abs)}")
        if place.relative:
            parts.append(f"relative {place.relative}")
    if place.special:
        parts.append(place.special)
    if place.explanation:
        parts.append(place.explanation)
    head = " ".join(filter(None, (place.counted, place.became)))
    if not parts:
        return head
    gap = " " if place.differing is not None and not place.became else ", "
    return f"{head}{gap}{', '.join(parts)}"


def _padded(text: str, width: int) -> str:
    return text + " " * (width - width_of(text))


def _most(found: Sequence[Place]) -> float:
    """The largest change that has an end."""
    return max((place.weight for place in found if math.isfinite(place.weight)), default=0.0)


def _bar(place: Place, most: float, longest: int, screen: Screen) -> str:
    if place.status in _WITHOUT_BAR:
        return ""
    sign, color = _SIGNS.get(place.status, ("~", "33"))
    share = 1.0 if math.isinf(place.weight) else place.weight / most if most else 0.0
    bar = sign * max(1, round(share * longest))
    return f"\x1b[{color}m{bar}\x1b[0m" if screen.has_color else bar
