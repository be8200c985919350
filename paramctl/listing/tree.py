"""A manifest as a tree in which layers of the same structure are one node.

Names are split at dots. Numbered siblings with the same names, dtypes, shapes and kinds below
them become one node, ``0-11``; one that differs stays by itself. A path without branches is
one label: ``encoder.layer``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, NamedTuple

from paramctl.formats.strict_json import without_collector
from paramctl.listing.forms import Forms
from paramctl.listing.layers import without_twins
from paramctl.manifest import Entry
from paramctl.names import natural_order

_DEEP = 64


@dataclass(slots=True)
class Node:
    """One line of the tree.

    Attributes:
        label: segments of names, or the numbers of layers: ``layer``, ``0-11``, ``0-4,6-11``.
        tensors: names at and below the node, over all its layers.
        numel: elements, aliases not counted; ``None`` where a size is unknown.
        nbytes: bytes, likewise.
        entry: the tensor at this node, of the first layer where there are several; without its
            place in a file.
        children: the nodes below.
    """

    label: str
    tensors: int = 0
    numel: int | None = 0
    nbytes: int | None = 0
    entry: Entry | None = None
    children: "list[Node]" = field(default_factory=list)


class _Branch:
    """A segment of names with others below it, while the tree grows."""

    __slots__ = ("below", "entry", "form")

    def __init__(self, entry: Entry | None = None) -> None:
        self.entry = entry
        self.below: dict[str, _Branch | Entry] = {}
        self.form = 0

    def grown(self, segment: str) -> "_Branch":
        """The branch of a segment, which may be new, or a tensor that had nothing below it."""
        below = self.below.get(segment)
        if type(below) is not _Branch:
            below = self.below[segment] = _Branch(below)  # type: ignore[arg-type]
        return below


def collapsed(entries: Iterable[Entry]) -> list[Node]:
    """The nodes at the top of the tree of some entries."""
    with without_collector():
        top = _grown(*without_twins(entries))
        forms = Forms()
        # Parents come before children here; the other way round, children are done first.
        # There is no recursion, as a name may have more segments than Python has frames.
        order = [top]
        for branch in order:
            below = [one for one in branch.below.values() if type(one) is _Branch]
            order.extend(dict.fromkeys(below))
        for branch in reversed(order):
            branch.form = _form(branch, forms)
        return _nodes(top, forms)


def _grown(entries: Iterable[Entry], same: Iterable[tuple[str, str, str]]) -> _Branch:
    """The branch at the top; layers that are the same share a branch."""
    top = _Branch()
    parents: dict[str, _Branch] = {"": top}  # by the path with its last dot
    for entry in entries:
        name = entry[0]
        last = name.rfind(".") + 1
        path, label = name[:last], name[last:]
        parent = parents.get(path)
        if parent is None:
            parent = parents[path] = _parent(parents, path)
        known = parent.below.setdefault(label, entry)
        if type(known) is _Branch:
            known.entry = entry
    for path, number, twin in same:
        branch = parents.get(path) or _walked(top, path[:-1].split("."))
        branch.below[number] = branch.below[twin]
    return top


def _parent(parents: dict[str, _Branch], path: str) -> _Branch:
    """The branch at the end of a path, grown where it is not there yet."""
    missing = []
    while (branch := parents.get(path)) is None:
        missing.append(path)
        path = path[: path.rfind(".", 0, -1) + 1]
        if len(missing) > _DEEP:  # to remember every path on the way would take its square
            return _walked(parents[""], missing[0][:-1].split("."))
    for further in reversed(missing):
        branch = parents[further] = branch.grown(further[len(path) : -1])
        path = further
    return branch


def _walked(branch: _Branch, segments: Iterable[str]) -> _Branch:
    for segment in segments:
        branch = branch.grown(segment)
    return branch


def _form(branch: _Branch, forms: Forms) -> int:
    own = () if branch.entry is None else (forms.of_entry(branch.entry),)
    pairs: Iterable[tuple[str, Any]] = branch.below.items()
    if len(branch.below) > 1:
        pairs = sorted(pairs, key=itemgetter(0))
    return forms.of_branch(own, tuple([(name, _form_of(below, forms)) for name, below in pairs]))


def _form_of(below: _Branch | Entry, forms: Forms) -> int:
    return below.form if type(below) is _Branch else forms.of_entry(below)  # type: ignore[arg-type]


class _Group(NamedTuple):
    """Siblings that become one node: the first of them, their form, and how many they are."""

    label: str
    first: _Branch | Entry
    form: int
    times: int


def _nodes(top: _Branch, forms: Forms) -> list[Node]:
    """The nodes below a branch; each group of layers is looked into once."""
    nodes: list[Node] = []
    waiting = [(_groups(top, forms), 1, nodes)]
    while waiting:
        groups, times, place = waiting.pop()
        for group in groups:
            many = times * group.times
            path, first, below = [group.label], group.first, []
            if type(first) is _Branch:
                below = _groups(first, forms)
            while group.label and len(below) == 1 and type(first) is _Branch and not first.entry:
                group = below[0]
                path.append(group.label)
                many, first = many * group.times, group.first
                below = _groups(first, forms) if type(first) is _Branch else []
            entry = first.entry if type(first) is _Branch else first
            node = Node(".".join(path), *forms.totals(group.form, many), entry)  # type: ignore[arg-type]
            place.append(node)
            if below:
                waiting.append((below, many, node.children))
    return nodes


def _groups(branch: _Branch, forms: Forms) -> list[_Group]:
    """What is below a branch in natural order, numbered siblings of the same form as one."""
    labels = natural_order(branch.below) if len(branch.below) > 1 else list(branch.below)
    alike: dict[tuple[int, str | None], list[str]] = {}
    for label in labels:
        form = _form_of(branch.below[label], forms)
        alike.setdefault((form, None if _is_number(label) else label), []).append(label)
    return [
        _Group(
            ranges([int(label) for label in some]) if len(some) > 1 else some[0],
            branch.below[some[0]], form, len(some),
        )
        for (form, _), some in alike.items()
    ]  # fmt: skip


def _is_number(label: str) -> bool:
    return label.isascii() and label.isdigit() and len(label) < 19 and str(int(label)) == label


def ranges(numbers: Sequence[int]) -> str:
    """Ascending numbers as ranges: ``0-4,6-11``."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][-1] + 1:
            parts[-1][1:] = [number]
        else:
            parts.append([number])
    return ",".join("-".join(map(str, part)) for part in parts)
