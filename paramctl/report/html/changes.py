"""What is different from another checkpoint, on a page: largest change first, and where."""

import math
from collections.abc import Iterator, Sequence

from paramctl.diff.change import Change
from paramctl.report.html.heat import changed
from paramctl.report.html.portrait import Portrait
from paramctl.report.html.words import (
    count,
    left_out,
    name,
    number,
    section,
    table,
    text,
    type_of,
    within,
)

_BYTES = 200_000
_MOST = 500
_COLUMNS = [
    ("name", ""),
    ("status", ""),
    ("differing", "num"),
    ("share", "num"),
    ("max abs", "num"),
    ("relative", "num"),
    ("cosine", "num"),
    ("size of the change", ""),
]


def changes(portrait: Portrait) -> str:
    """The diff, where there is another checkpoint."""
    found = portrait.diff
    if found is None:
        return ""
    title = f"Changes from {text(portrait.against)}"
    if not found.changes:
        same = f'<p class="good">Equal in all {found.compared:,} tensors.</p>'
        return _section(title, same)
    counts = ", ".join(f"<b>{value:,}</b> {status}" for status, value in found.summary.items())
    summary = f"<p>{counts}; {found.compared:,} tensors compared.</p>"
    ordered = sorted(found.changes, key=lambda change: -change.weight)
    kept, rest = within(_rows(ordered), _BYTES, _MOST)
    more = left_out(rest, "smaller changes", "<code>paramctl diff</code>")
    return _section(title, summary, changed(portrait), table(_COLUMNS, kept, "data"), more)


def _section(title: str, *parts: str) -> str:
    # The title is markup by now, with the other model's name escaped.
    return section("changes", "", *parts).replace("<h2></h2>", f"<h2>{title}</h2>", 1)


def _rows(ordered: Sequence[Change]) -> Iterator[str]:
    finite = [change.weight for change in ordered if math.isfinite(change.weight)]
    most = max(finite, default=0.0)
    for change in ordered:
        figures = change.figures
        share = None if figures is None or figures.share is None else 100 * figures.share
        numbers = [
            count(figures.differing) if figures else "–",
            "–" if share is None else f"{share:.3g}%",
            *(
                number(getattr(figures, key) if figures else None)
                for key in ("max_abs", "rel_l2", "cosine")
            ),
        ]
        cells = "".join(f'<td class="num">{cell}</td>' for cell in numbers)
        tag = f'<span class="tag {change.status}">{change.status}</span>'
        yield (
            f'<tr><th scope="row">{_label(change)}</th><td>{tag}</td>{cells}'
            f"<td>{_bar(change, most)}</td></tr>"
        )


def _label(change: Change) -> str:
    """The name, and what became of name, dtype and shape."""
    label = name(change.name)
    before, after = type_of(change.before), type_of(change.after)
    if change.to is not None:
        return f"{label} <small>→ {name(change.to)}</small>"
    kind = f"{before} → {after}" if before and after and before != after else after or before
    return f"{label} <small>{kind}</small>"


def _bar(change: Change, most: float) -> str:
    if not change.weight:
        return ""
    share = 1.0 if math.isinf(change.weight) else change.weight / most if most else 0.0
    return f'<svg class="meter"><rect width="{max(1.0, 100 * share):.2f}%" height="100%"/></svg>'
