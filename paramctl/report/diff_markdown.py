"""A diff as a comment on a pull request: the verdict first, then a row per place, largest first."""

from collections.abc import Iterator, Sequence
from typing import Any

from paramctl.report.diff_places import Place
from paramctl.report.lines import markdown, markdown_name
from paramctl.report.report import Column, Report

_COLUMNS = (
    Column("tensors", "name"),
    Column("what"),
    Column("differing", "count"),
    Column("share"),
    Column("max_abs", "number"),
    Column("relative"),
    Column("now", "name"),
    Column("explanation"),
)
_OPTIONAL = ("now", "explanation")


def diff_markdown(
    found: Sequence[Place], summary: Sequence[str], broken: Sequence[tuple[str, str]]
) -> Iterator[str]:
    """The lines of the comment.

    Args:
        summary: sentences on the whole.
        broken: names that violate a gate, and what to say of each.
    """
    yield from (f"- {sentence}\n" for sentence in summary)
    yield from (f"- :x: {markdown_name(name)} {sentence}\n" for name, sentence in broken)
    rows = [_row(place) for place in found]
    if not rows:
        return
    kept = [
        number
        for number, column in enumerate(_COLUMNS)
        if column.name not in _OPTIONAL or any(row[number] for row in rows)
    ]
    yield "\n"
    yield from markdown(
        Report(
            verb="diff",
            columns=tuple(_COLUMNS[number] for number in kept),
            rows=[[row[number] for number in kept] for row in rows],
            payload={},
        )
    )


def _row(place: Place) -> tuple[Any, ...]:
    return (
        place.title,
        " ".join(filter(None, (place.counted, place.became))),
        place.differing,
        place.share or None,
        place.max_abs,
        ", ".join(filter(None, (place.relative, place.special))) or None,
        place.to or None,
        place.explanation or None,
    )
