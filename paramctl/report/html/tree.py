"""The tree of names on a page: layers of the same structure as one, each node to be folded."""

import html
from collections.abc import Iterator, Sequence

from paramctl.report.html.portrait import Portrait
from paramctl.report.html.words import count, left_out, name, section, within
from paramctl.report.inspected import inspected
from paramctl.report.report import Branch
from paramctl.report.values import bytes_text, shape_text

_BYTES = 200_000
_MOST = 1500  # nodes
_DEEPEST = 24
_OPEN = 80  # nodes that are shown unfolded


def tree(portrait: Portrait) -> str:
    """The collapsed tree with the share of the bytes that each node holds."""
    report = inspected(portrait.target, portrait.entries, portrait.inspection)
    total = portrait.inspection.nbytes or 0
    is_small = sum(1 for _ in _every(report.branches)) <= _OPEN
    pieces = list(_nodes(report.branches, total, is_small))
    kept, rest = within((opening for opening, _ in pieces), _BYTES, _MOST)
    closing = [depth for _, depth in pieces[: len(kept)]]
    body = "".join(_closed(kept, closing))
    more = left_out(rest, "nodes", "<code>paramctl inspect</code>")
    return section("tree", "Structure", f'<div class="tree">{body}</div>' if body else "", more)


def _every(branches: Sequence[Branch]) -> Iterator[Branch]:
    waiting = list(branches)
    while waiting:
        branch = waiting.pop()
        yield branch
        waiting += branch.children


def _nodes(
    branches: Sequence[Branch], total: int, is_open: bool
) -> Iterator[tuple[str, tuple[int, bool]]]:
    """Each node in order, with its depth and whether others lie in it."""
    waiting = [(0, branch) for branch in reversed(branches)]
    while waiting:
        depth, branch = waiting.pop()
        has_more = bool(branch.children) and depth < _DEEPEST
        line = _line(branch, total)
        if has_more:
            mark = " open" if is_open or depth == 0 else ""
            yield f"<details{mark}><summary>{line}</summary>", (depth, True)
            waiting += [(depth + 1, child) for child in reversed(branch.children)]
        else:
            yield f'<div class="leaf">{line}</div>', (depth, False)


def _closed(pieces: Sequence[str], places: Sequence[tuple[int, bool]]) -> Iterator[str]:
    """The pieces with what closes each node where its last descendant ends."""
    unclosed: list[int] = []
    for piece, (depth, is_node) in zip(pieces, places, strict=True):
        while unclosed and unclosed[-1] >= depth:
            unclosed.pop()
            yield "</details>"
        yield piece
        if is_node:
            unclosed.append(depth)
    yield "</details>" * len(unclosed)


def _line(branch: Branch, total: int) -> str:
    label, dtype, shape, numel, nbytes = branch.row
    kind = f"{dtype} {html.escape(shape_text(shape))}" if dtype else ""
    width = 100 * (nbytes or 0) / total if total else 0
    bar = f'<svg class="meter"><rect width="{width:.2f}%" height="100%"/></svg>'
    size = bytes_text(nbytes) if nbytes is not None else ""
    return (
        f'<span class="label">{name(label)} <small>{kind}</small></span>'
        f'<span class="num">{count(numel)}</span><span class="num">{size}</span>{bar}'
    )
