"""The report of ``inspect``: totals, ties, and the tree with its layers collapsed."""

from collections.abc import Iterator, Sequence
from typing import Any

from paramctl.columns import Columns
from paramctl.listing.inspection import Inspection, Total
from paramctl.listing.target import Target
from paramctl.listing.tree import Node
from paramctl.manifest import Entry
from paramctl.names import show
from paramctl.report.report import Branch, Column, Report, Row
from paramctl.report.values import Shapes, bytes_text

_COLUMNS = (
    Column("name", "name"),
    Column("tensors", "count"),
    Column("dtype", "dtype"),
    Column("shape", "shape"),
    Column("numel", "count", "?"),
    Column("nbytes", "bytes", "?"),
)
_TREE = (
    Column("name", "name"),
    Column("dtype", "dtype"),
    Column("shape", "shape"),
    Column("numel", "count", "?"),
    Column("nbytes", "bytes", "?"),
)
_MOST_TIES = 20
_MOST_JOINED = 4
_MOST_METADATA = 12
_LONGEST_VALUE = 60


def inspected(target: Target, entries: Sequence[Entry], found: Inspection) -> Report:
    """What a target is: the totals as lines above a tree on a terminal, keys in JSON."""
    total = (".", len(entries), None, None, _stored_numel(found), found.nbytes)
    return Report(
        "inspect",
        _COLUMNS,
        [total, *_rows(found.tree)],
        payload=lambda: _payload(target, found),
        rows_key="tree",
        names=Columns.of(entries).names,
        title=_title(target, found),
        branches=[_branch(node) for node in found.tree],
        branch_columns=_TREE,
        is_tree=True,
    )


def _stored_numel(found: Inspection) -> Total:
    sizes = [share.numel for share in found.dtypes.values()]
    return None if None in sizes else sum(size or 0 for size in sizes)


def _payload(target: Target, found: Inspection) -> dict[str, Any]:
    source = target.source
    return {
        "tensors": found.tensors,
        "parameters": {"unique": found.unique, "stored": found.stored, "named": found.named},
        "buffers": found.buffers,
        "nbytes": found.nbytes,
        "dtypes": {
            dtype: {"tensors": share.tensors, "numel": share.numel, "nbytes": share.nbytes}
            for dtype, share in found.dtypes.items()
        },
        "ties": found.ties,
        "model": str(source.path) if source else target.title,
        "family": target.family or None,
        "files": target.shards,
        "metadata": target.manifest.metadata,
        "tree": [_object(node) for node in found.tree],
    }


def _object(top: Node) -> dict[str, Any]:
    made: dict[str, Any] = {}
    waiting = [(top, made)]
    while waiting:
        node, place = waiting.pop()
        place |= {"name": node.label, "tensors": node.tensors}
        place |= {"numel": node.numel, "nbytes": node.nbytes}
        if node.entry is not None:
            place |= {"dtype": node.entry.dtype, "shape": node.entry.shape}
            place |= {"kind": node.entry.kind, "tied_to": node.entry.tied_to}
        if node.children:
            place["children"] = [{} for _ in node.children]
            waiting += zip(node.children, place["children"], strict=True)
    return made


def _cells(node: Node, label: str) -> Row:
    entry = node.entry
    dtype, shape = (entry.dtype, entry.shape) if entry else (None, None)
    return label, node.tensors, dtype, shape, node.numel, node.nbytes


def _rows(tree: Sequence[Node]) -> Iterator[Row]:
    """Every node in order, by its whole path."""
    waiting = [(node.label, node) for node in reversed(tree)]
    while waiting:
        path, node = waiting.pop()
        yield _cells(node, path)
        waiting += [(f"{path}.{child.label}", child) for child in reversed(node.children)]


def _branch(top: Node) -> Branch:
    order = [top]
    for node in order:
        order.extend(node.children)
    made: dict[int, Branch] = {}
    for node in reversed(order):
        children = [made.pop(id(child)) for child in node.children]
        made[id(node)] = _joined(node) or Branch(_line(node), children)
    return made[id(top)]


def _line(node: Node) -> Row:
    entry = node.entry
    if entry is None:
        return node.label, None, None, node.numel, node.nbytes
    label = node.label if entry.tied_to is None else f"{node.label} = {entry.tied_to}"
    return label, entry.dtype, entry.shape, node.numel, node.nbytes


def _joined(node: Node) -> Branch | None:
    """A module that holds a few tensors and nothing else, as one line: ``dense.{bias,weight}``."""
    entries = [child.entry for child in node.children if child.entry and not child.children]
    if node.entry or not len(node.children) == len(entries) <= _MOST_JOINED:
        return None
    if any("." in child.label for child in node.children):
        return None  # tensors of several modules below it: a line for each is easier to read
    if len({entry.dtype for entry in entries}) > 1 or any(entry.tied_to for entry in entries):
        return None
    label = f"{node.label}.{{{','.join(child.label for child in node.children)}}}"
    shapes = Shapes(entry.shape for entry in entries)
    return Branch((label, entries[0].dtype, shapes, node.numel, node.nbytes))


def _title(target: Target, found: Inspection) -> Iterator[str]:
    lines = [("model", _model(target)), ("tensors", _tensors(found))]
    lines.append(("parameters", _parameters(found)))
    if found.buffers:
        lines.append(("buffers", f"{found.buffers:,}"))
    lines += [(f"tied {number}", tie) for number, tie in enumerate(_ties(found), 1)]
    lines += _metadata(target)
    for label, text in lines:
        yield f"{label:<12}{text}"
    yield ""


def _model(target: Target) -> str:
    parts = [target.title]
    if target.family:
        parts.append(target.family)
    if target.source and target.source.is_sharded:
        parts.append(f"{len(target.source.files):,} shards")
    return ", ".join(parts)


def _tensors(found: Inspection) -> str:
    size = "size unknown" if found.nbytes is None else bytes_text(found.nbytes)
    kinds = ", ".join(f"{share.tensors:,} {dtype}" for dtype, share in found.dtypes.items())
    return f"{found.tensors:,}, {size}" + (f": {kinds}" if kinds else "")


def _parameters(found: Inspection) -> str:
    counts = [found.unique, found.stored, found.named]
    unique, stored, named = ("?" if count is None else f"{count:,}" for count in counts)
    if unique == stored == named:
        return unique
    return f"{unique} unique, {stored} stored, {named} counted by name"


def _ties(found: Inspection) -> Iterator[str]:
    for group in found.ties[:_MOST_TIES]:
        yield " = ".join(show(name) for name in group)
    if len(found.ties) > _MOST_TIES:
        yield f"and {len(found.ties) - _MOST_TIES:,} more"


def _metadata(target: Target) -> Iterator[tuple[str, str]]:
    manifest = target.manifest
    own = {key: value for key, value in manifest.metadata.items() if key not in manifest}
    for number, (key, value) in enumerate(own.items()):
        if number == _MOST_METADATA:
            yield "", f"and {len(own) - number:,} more: paramctl meta"
            return
        shown = value if len(value) <= _LONGEST_VALUE else value[:_LONGEST_VALUE] + "…"
        yield "" if number else "metadata", f"{show(key)} = {show(shown)}"
