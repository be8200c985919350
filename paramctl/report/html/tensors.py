"""The table of a page: a row per tensor, or per place in the layers where there are too many."""

import html
import re
from collections.abc import Iterator

from paramctl.figures.aggregate import aggregate
from paramctl.figures.statistics import Statistics
from paramctl.manifest import Entry
from paramctl.report.html.portrait import MOST_ROWS, Portrait
from paramctl.report.html.spreads import small
from paramctl.report.html.words import count, left_out, name, number, section, table, within
from paramctl.report.values import bytes_text, shape_text

_BYTES = 800_000
_LAYER = re.compile(r"(?<![^.])[0-9]+(?![^.])")
_NUMBERS = ("elements", "bytes", "min", "max", "mean", "std", "absmax", "zeros", "NaN", "Inf")
_COLUMNS = [
    ("name", ""),
    ("dtype", ""),
    ("shape", ""),
    *((title, "num") for title in _NUMBERS),
    ("histogram", ""),
]


def tensors(portrait: Portrait) -> str:
    """Every tensor with its figures; where there are many, those of all layers as one row."""
    rows = _gathered(portrait) if portrait.is_large else _single(portrait)
    kept, rest = within(rows, _BYTES, MOST_ROWS)
    about = ""
    if portrait.is_large:
        about = (
            f"<p>{len(portrait.stored):,} tensors are too many to list: a row stands for all "
            "layers and experts that have a tensor at its place, <code>*</code> for their "
            "numbers; those with the most bytes come first.</p>"
        )
    more = left_out(rest, "rows", "<code>paramctl stats</code>")
    body = table(_COLUMNS, kept, "data") if kept else ""
    return section("tensors", "Tensors", about, body, more)


def _single(portrait: Portrait) -> Iterator[str]:
    for entry in portrait.entries:
        if entry.tied_to is not None:
            yield _row(entry, name(entry.name) + f" <small>= {name(entry.tied_to)}</small>")
        else:
            figures = portrait.figures[entry.name]
            drawing = small(portrait.spreads.get(entry.name))
            yield _row(entry, name(entry.name), figures, drawing)


def _gathered(portrait: Portrait) -> Iterator[str]:
    groups: dict[str, list[Entry]] = {}
    for entry in portrait.stored:
        groups.setdefault(_LAYER.sub("*", entry.name), []).append(entry)
    by_size = sorted(groups.items(), key=lambda item: -sum(one.nbytes or 0 for one in item[1]))
    for place, members in by_size:
        dtypes = "+".join(dict.fromkeys(entry.dtype for entry in members))
        figures = aggregate([portrait.figures[entry.name] for entry in members])
        whole = members[0]._replace(name=place, dtype=dtypes)
        nbytes = sum(entry.nbytes or 0 for entry in members)
        times = f" <small>× {len(members):,}</small>" if len(members) > 1 else ""
        shapes = {entry.shape for entry in members}
        yield _row(whole, name(place) + times, figures, "", nbytes, is_one=len(shapes) == 1)


def _row(
    entry: Entry,
    label: str,
    found: Statistics | None = None,
    drawing: str = "",
    nbytes: int | None = None,
    *,
    is_one: bool = True,
) -> str:
    shape = html.escape(shape_text(entry.shape)) if is_one else "several"
    cells = [f'<th scope="row">{label}</th><td>{entry.dtype}</td><td>{shape}</td>']
    if found is None:
        return f'<tr class="alias">{cells[0]}{"<td></td>" * (len(_NUMBERS) + 1)}</tr>'
    size = entry.nbytes if nbytes is None else nbytes
    cells.append(f'<td class="num">{count(found.numel)}</td>')
    cells.append(f'<td class="num" data-v="{size}">{bytes_text(size or 0)}</td>')
    numbers = (found.minimum, found.maximum, found.mean, found.std, found.absmax)
    cells += [f'<td class="num">{number(value)}</td>' for value in numbers]
    cells.append(f'<td class="num">{count(found.zeros)}</td>')
    for value in (found.nan, found.inf):
        mark = " bad" if value else ""
        cells.append(f'<td class="num{mark}">{count(value)}</td>')
    return f"<tr>{''.join(cells)}<td>{drawing}</td></tr>"
