"""A manifest as a tree in which layers of the same structure are one node.

Names are split at dots. Numbered siblings with the same names, dtypes, shapes and kinds below
them become one node, ``0-11``; one that differs stays by itself. A path without branches is
one label: ``encoder.layer``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from paramctl.formats.strict_json import without_collector
from paramctl.manifest import Entry, Shape
from paramctl.names import natural_order


@dataclass(slots=True)
class Node:
    """One line of the tree.

    Attributes:
        label: segments of names, or the numbers of layers: ``layer``, ``0-11``, ``0-4,6-11``.
        tensors: names at and below the node, over all its layers.
        numel: elements, aliases not counted; ``None`` where a size is unknown.
        nbytes: bytes, likewise.
        entry: the tensor at this node, of the first layer where there are several.
        children: the nodes below.
    """

    label: str
    tensors: int = 0
    numel: int | None = 0
    nbytes: int | None = 0
    entry: Entry | None = None
    children: "list[Node]" = field(default_factory=list)


@dataclass(slots=True)
class _Branch:
    """A segment of names while the tree grows; ``form`` is equal where structures are."""

    label: str
    entry: Entry | None = None
    below: "dict[str, _Branch]" = field(default_factory=dict)
    form: int = 0


def collapsed(entries: Iterable[Entry]) -> list[Node]:
    """The nodes at the top of the tree of some entries."""
    with without_collector():
        return _collapsed(_grown(entries))


def _collapsed(top: _Branch) -> list[Node]:
    # Parents come before children here; the other way round, children are done first. There
    # is no recursion, as a name may have more segments than Python has frames.
    order = [top]
    for branch in order:
        order.extend(branch.below.values())
    forms: dict[Any, int] = {}
    nodes: dict[int, Node] = {}
    for branch in reversed(order):
        keys = natural_order(branch.below) if len(branch.below) > 1 else branch.below
        children = [branch.below[key] for key in keys]
        below = tuple([(child.label, child.form) for child in children])
        structure = (_structure(branch.entry), below)
        branch.form = forms.setdefault(structure, len(forms))
        nodes[id(branch)] = _node(branch, _united(children, nodes))
    return nodes[id(top)].children


def _grown(entries: Iterable[Entry]) -> _Branch:
    top = _Branch("")
    for entry in entries:
        branch = top
        for segment in entry.name.split("."):
            below = branch.below.get(segment)
            if below is None:
                below = branch.below[segment] = _Branch(segment)
            branch = below
        branch.entry = entry
    return top


def _structure(entry: Entry | None) -> tuple[str, Shape, str, bool] | None:
    return None if entry is None else (entry.dtype, entry.shape, entry.kind, entry.is_alias)


def _node(branch: _Branch, children: list[Node]) -> Node:
    node = Node(branch.label, entry=branch.entry, children=children)
    if branch.entry is not None:
        stored = not branch.entry.is_alias
        node.tensors = 1
        node.numel = branch.entry.numel if stored else 0
        node.nbytes = branch.entry.nbytes if stored else 0
    if children:
        _add(node, children)
    if branch.entry is None and len(children) == 1 and branch.label:
        children[0].label = f"{branch.label}.{children[0].label}"
        return children[0]
    return node


def _add(node: Node, others: Sequence[Node]) -> None:
    for other in others:
        node.tensors += other.tensors
        node.numel = _sum(node.numel, other.numel)
        node.nbytes = _sum(node.nbytes, other.nbytes)


def _sum(first: int | None, second: int | None) -> int | None:
    return None if first is None or second is None else first + second


def _united(children: Sequence[_Branch], nodes: dict[int, Node]) -> list[Node]:
    """The nodes of some siblings, numbered ones of the same form as one."""
    if len(children) < 2:
        return [nodes[id(child)] for child in children]
    alike: dict[int, list[_Branch]] = {}
    for child in children:
        if _is_number(child.label):
            alike.setdefault(child.form, []).append(child)
    found = []
    for child in children:
        group = alike.get(child.form, []) if _is_number(child.label) else [child]
        if group and group[0] is not child:
            continue
        node = nodes[id(child)]
        if len(group) > 1:
            node = _one_of([nodes[id(other)] for other in group], [int(o.label) for o in group])
        found.append(node)
    return found


def _is_number(label: str) -> bool:
    return label.isascii() and label.isdigit() and len(label) < 19 and str(int(label)) == label


def _one_of(nodes: Sequence[Node], numbers: Sequence[int]) -> Node:
    """The first of some nodes of the same form, counting for all of them."""
    rest = nodes[0].label.partition(".")[2]
    label = ranges(numbers) + (f".{rest}" if rest else "")
    node = nodes[0]
    waiting = [(node, list(nodes[1:]))]
    while waiting:
        first, others = waiting.pop()
        _add(first, others)
        for position, child in enumerate(first.children):
            waiting.append((child, [other.children[position] for other in others]))
    node.label = label
    return node


def ranges(numbers: Sequence[int]) -> str:
    """Ascending numbers as ranges: ``0-4,6-11``."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][-1] + 1:
            parts[-1][1:] = [number]
        else:
            parts.append([number])
    return ",".join("-".join(map(str, part)) for part in parts)
