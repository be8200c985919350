"""Text as it may stand in a page, and lists that know where to stop."""

import html
import math
from collections.abc import Iterable, Sequence
from typing import Any

from paramctl.manifest import Entry
from paramctl.names import show
from paramctl.report.values import number_text, shape_text


def text(value: str) -> str:
    """Any text, with everything escaped that a browser or a reader could take for something else.

    Very long texts are cut in the middle.
    """
    return html.escape(show(value))


def name(value: str) -> str:
    """A name of a checkpoint, kept apart from the writing direction of what stands around it.

    A narrow column breaks it behind a dot.
    """
    shown = text(value).replace(".", ".<wbr>") or "&quot;&quot;"
    return f'<code class="n">{shown}</code>'


def number(value: Any) -> str:
    """A number in up to four figures; a dash for none."""
    if value is None:
        return "–"
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:.4g}"
    return html.escape(number_text(value))


def count(value: int | None) -> str:
    """A count with commas; a dash for none."""
    return "–" if value is None else f"{value:,}"


def type_of(entry: Entry | None) -> str:
    """Dtype and shape in a few words."""
    return "" if entry is None else f"{entry.dtype} {html.escape(shape_text(entry.shape))}"


def within(pieces: Iterable[str], nbytes: int, most: int) -> tuple[list[str], int]:
    """The first pieces that take no more than ``nbytes`` in UTF-8, and how many are left out.

    Args:
        most: pieces at the most.
    """
    kept: list[str] = []
    left_out = 0
    for piece in pieces:
        nbytes -= len(piece.encode("utf-8", "backslashreplace"))
        if left_out or nbytes < 0 or len(kept) == most:
            left_out += 1
        else:
            kept.append(piece)
    return kept, left_out


def left_out(number: int, what: str, where: str = "") -> str:
    """A line that says what a list lacks; empty when it is whole."""
    if not number:
        return ""
    place = f"; {where} lists all" if where else ""
    return f'<p class="more">{number:,} more {what} left out to keep the page small{place}.</p>'


def table(columns: Sequence[tuple[str, str]], rows: Iterable[str], kind: str = "") -> str:
    """A table; a column is its title and ``num`` where it holds numbers."""
    head = "".join(
        f'<th scope="col"{f" class={side}" if side else ""}>{html.escape(title)}</th>'
        for title, side in columns
    )
    body = "\n".join(rows)
    return (
        f'<div class="wide"><table class="{kind}"><thead><tr>{head}</tr></thead>'
        f"<tbody>\n{body}\n</tbody></table></div>"
    )


def section(key: str, title: str, *parts: str) -> str:
    """A part of the page with an anchor; empty when it has nothing to say."""
    body = "\n".join(part for part in parts if part)
    if not body:
        return ""
    return f'<section id="{key}">\n<h2>{html.escape(title)}</h2>\n{body}\n</section>\n'
