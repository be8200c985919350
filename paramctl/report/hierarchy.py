"""Trees as rows: guides in front of the first column, everything else in columns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from paramctl.report.report import Branch, Row

_UNICODE = ("├ ", "└ ", "│ ", "  ")
_ASCII = ("|-", "`-", "| ", "  ")


def flattened(branches: Sequence[Branch], *, has_unicode: bool) -> Iterator[tuple[str, Row]]:
    """Every node's row in order, each with the guides that stand before it."""
    tee, corner, pipe, blank = _UNICODE if has_unicode else _ASCII
    # A stack and not recursion: a name may have more segments than Python has frames.
    waiting = [("", "", branch) for branch in reversed(branches)]
    while waiting:
        own, below, branch = waiting.pop()
        yield own, branch.row
        for position, child in enumerate(reversed(branch.children)):
            first, rest = (tee, pipe) if position else (corner, blank)
            waiting.append((below + first, below + rest, child))


def going_on(guide: str) -> str:
    """The guides that stand before a second line of a node whose first has these."""
    for tee, corner, pipe, blank in (_UNICODE, _ASCII):
        guide = guide.replace(tee, pipe).replace(corner, blank)
    return guide


@dataclass
class _Node:
    """A segment of names, with the row of the name that ends here."""

    label: str
    row: Row | None = None
    children: "dict[str, _Node]" = field(default_factory=dict)


def by_segments(rows: Sequence[Row], columns: int) -> list[Branch]:
    """Rows grouped by the dotted segments of their names, which stand in the first column.

    Segments that lead to a single name or path are joined: ``lm_head.weight``.
    """
    top = _Node("")
    for row in rows:
        node = top
        for segment in str(row[0]).split("."):
            node = node.children.setdefault(segment, _Node(segment))
        node.row = row
    return _branches(top, columns)


def _branches(top: _Node, columns: int) -> list[Branch]:
    """Children first, without recursion."""
    order: list[_Node] = [top]
    for node in order:
        order.extend(node.children.values())
    made: dict[int, Branch] = {}
    for node in reversed(order):
        children = [made.pop(id(child)) for child in node.children.values()]
        made[id(node)] = _branch(node, children, columns)
    return list(made[id(top)].children)


def _branch(node: _Node, children: list[Branch], columns: int) -> Branch:
    if node.row is None and len(children) == 1 and node.label:
        only = children[0]
        return Branch((f"{node.label}.{only.row[0]}", *only.row[1:]), only.children)
    rest: Sequence[Any] = [""] * (columns - 1) if node.row is None else node.row[1:]
    return Branch((node.label, *rest), children)
