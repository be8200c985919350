"""Histograms in text: a line of blocks, or a bar for each bin."""

from collections.abc import Sequence

from paramctl.report.values import number_text

_LEVELS = "▁▂▃▄▅▆▇█"
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_ASCII_LEVELS = "._-=+*#%"


def sparkline(counts: Sequence[int], *, has_unicode: bool = True) -> str:
    """One character per bin, as high as its count next to the highest; a space for none.

    Any count above zero shows at least the lowest block.
    """
    levels = _LEVELS if has_unicode else _ASCII_LEVELS
    most = max(counts, default=0)
    return "".join(
        levels[-(-count * len(levels) // most) - 1] if count > 0 else " " for count in counts
    )


def bars(
    edges: Sequence[float], counts: Sequence[int], *, width: int = 80, has_unicode: bool = True
) -> list[str]:
    """A line per bin: where it begins and ends, a bar, its count.

    Args:
        edges: bounds of the bins, one more than counts, ascending.
        counts: elements in each bin.
        width: columns a line may take; bars get what the numbers leave, at least 8.
    """
    numbers = [number_text(float(edge)) for edge in edges]
    lows = [number.rjust(max(map(len, numbers[:-1]), default=0)) for number in numbers[:-1]]
    highs = [number.rjust(max(map(len, numbers[1:]), default=0)) for number in numbers[1:]]
    totals = [f"{count:,}" for count in counts]
    longest = max(map(len, totals), default=0)
    most = max(counts, default=0)
    return [
        f"{low} .. {high}  {_bar(count, most, room, has_unicode)}  {total.rjust(longest)}"
        for low, high, count, total in zip(lows, highs, counts, totals, strict=True)
        for room in [max(8, width - len(low) - len(high) - longest - 8)]
    ]


def _bar(count: int, most: int, room: int, has_unicode: bool) -> str:
    eighths = -(-count * room * 8 // most) if most else 0
    if not has_unicode:
        return ("#" * (-(-eighths // 8))).ljust(room)
    whole, part = divmod(eighths, 8)
    return ("█" * whole + _EIGHTHS[part] * (part > 0)).ljust(room)
