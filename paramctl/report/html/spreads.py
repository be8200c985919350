"""Histograms on a page: one small per row, and large ones of the tensors with the most bytes."""

from collections.abc import Sequence

from paramctl.figures.histogram import Histogram
from paramctl.report.html.portrait import Portrait
from paramctl.report.html.words import name, number, section, type_of

_HEIGHT = 100


def outline(counts: Sequence[int], height: int) -> str:
    """The path of a histogram that is one unit wide per bin; a bin that holds any is seen."""
    most = max(counts, default=0)
    tops = [height - -(-value * height // most) if most else height for value in counts]
    return f"M0 {height}" + "".join(f"V{top}h1" for top in tops) + f"V{height}z"


def small(spread: Histogram | None) -> str:
    """A histogram for a cell of a table."""
    if spread is None:
        return ""
    counts = spread.counts
    path = outline(counts, 16)
    return (
        f'<svg class="hist" viewBox="0 0 {len(counts)} 16" preserveAspectRatio="none" '
        f'aria-hidden="true"><path d="{path}"/></svg>'
    )


def cards(portrait: Portrait) -> str:
    """Large histograms, with where zero lies."""
    boxes = []
    for entry in portrait.largest:
        spread, found = portrait.spreads[entry.name], portrait.figures[entry.name]
        boxes.append(
            f"<figure>{_drawing(spread)}<figcaption>{name(entry.name)}<small>{type_of(entry)}"
            f" · mean&nbsp;{number(found.mean)} · std&nbsp;{number(found.std)}"
            "</small></figcaption></figure>"
        )
    if not boxes:
        return ""
    about = "The tensors with the most bytes; bins of one width from the smallest value to the "
    about += "largest, a mark where zero lies."
    return section(
        "histograms",
        "Histograms",
        f"<p>{about}</p>",
        f'<div class="figures">{"".join(boxes)}</div>',
    )


def _drawing(spread: Histogram) -> str:
    low, high = spread.edges[0], spread.edges[-1]
    bins = len(spread.counts)
    zero = ""
    if low < 0 < high:
        place = bins * -low / (high - low)
        zero = f'<path class="zero" d="M{place:.3f} 0V{_HEIGHT}"/>'
    return (
        f'<svg class="spread" viewBox="0 0 {bins} {_HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="histogram"><path d="{outline(spread.counts, _HEIGHT)}"/>{zero}</svg>'
        f'<div class="ends"><span>{number(float(low))}</span>'
        f"<span>{number(float(high))}</span></div>"
    )
