"""A starting spec from a checkpoint: its modules and shapes; how it computes is left to write.

Modules are read off the dotted names. What looks like a built-in layer becomes one, numbered
siblings of one structure become a ``Repeat``, anything else a block with its tensors.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from paramctl.dtypes import DTYPES
from paramctl.errors import UsageError
from paramctl.manifest import Entry, Manifest, guess_kind
from paramctl.names import natural_key, show
from paramctl.spec.guess import guess_layer

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_IN_ORDER = "# forward: to be written; until then the modules run in order"
_TODO = "forward: return x    # to be written"


@dataclass
class _Node:
    """A module as the names show it; a numbered one goes by the name of the list it is in."""

    name: str
    tensors: dict[str, Entry] = field(default_factory=dict)
    children: dict[str, _Node] = field(default_factory=dict)

    def structure(self) -> tuple[object, ...]:
        """What makes two modules alike: names, shapes and dtypes below them."""
        own = tuple((name, entry.shape, entry.dtype) for name, entry in self.tensors.items())
        below = tuple((name, child.structure()) for name, child in self.children.items())
        return own, below


def starting_spec(manifest: Manifest, name: str = "model") -> str:
    """The text of a spec with the names and shapes of a checkpoint.

    Raises:
        UsageError: a name has an empty part, so that no tree of modules gives it.
    """
    root = _Node("model")
    for entry in sorted(manifest, key=lambda entry: natural_key(entry.name)):
        _enter(root, entry)
    writer = _Writer()
    model = list(writer.body(root))
    lines = ["paramctl: 1", f"name: {_key(name)}"]
    if writer.blocks:
        lines += ["blocks:", *writer.texts()]
    lines += ["model:", *_indented(model, 1), *_ties(manifest)]
    return "\n".join(lines) + "\n"


def _enter(root: _Node, entry: Entry) -> None:
    *path, last = entry.name.split(".")
    if not all([*path, last]) or any(part.startswith("__") for part in [*path, last]):
        raise UsageError(f"no tree of modules gives the name '{show(entry.name)}'")
    node = root
    for part in path:
        label = node.name if part.isdecimal() else part
        node = node.children.setdefault(part, _Node(label))
    node.tensors[last] = entry


class _Writer:
    """Writes modules as expressions and gathers the blocks that they need."""

    def __init__(self) -> None:
        self.blocks: dict[tuple[object, ...], tuple[str, list[str]]] = {}

    def texts(self) -> Iterator[str]:
        """The blocks, each under its name."""
        for name, lines in self.blocks.values():
            yield f"  {name}:"
            yield from _indented(lines, 2)

    def body(self, node: _Node) -> Iterator[str]:
        """The lines of a block: its tensors, then its children."""
        if node.tensors:
            yield "params:"
            for name, entry in node.tensors.items():
                yield f"  {_key(name)}: {_tensor(entry)}"
        if node.children:
            yield "modules:"
            for name, child in node.children.items():
                yield f"  {_key(name)}: {self.expression(child)}"
        yield _IN_ORDER if node.children else _TODO

    def expression(self, node: _Node) -> str:
        """A module as it stands under ``modules``."""
        layer = None if node.children else guess_layer(node.name, node.tensors)
        if layer:
            return layer
        if _is_run(node):
            first = node.children["0"]
            return f"Repeat({len(node.children)}, {self.expression(first)})"
        return f"{self._block(node)}()"

    def _block(self, node: _Node) -> str:
        structure = node.structure()
        if structure not in self.blocks:
            self.blocks[structure] = ("", [])
            lines = list(self.body(node))
            self.blocks[structure] = (self._free_name(node.name), lines)
        return self.blocks[structure][0]

    def _free_name(self, name: str) -> str:
        words = re.findall(r"[A-Za-z0-9]+", name)
        base = "".join(word[:1].upper() + word[1:] for word in words) or "Block"
        base = f"Layer{base}" if base[0].isdigit() else base
        taken = {found for found, _ in self.blocks.values()}
        number, free = 1, f"{base}Block"
        while free in taken:
            number += 1
            free = f"{base}Block{number}"
        return free


def _is_run(node: _Node) -> bool:
    """Whether all children are numbered from 0 and alike."""
    if node.tensors or len(node.children) < 2:
        return False
    if list(node.children) != [str(number) for number in range(len(node.children))]:
        return False
    return len({child.structure() for child in node.children.values()}) == 1


def _tensor(entry: Entry) -> str:
    if any(size in (None, 0) for size in entry.shape):
        raise UsageError(f"{show(entry.name)} is empty, which no spec can say")
    form = "Param" if guess_kind(entry.name, entry.dtype) == "parameter" else "Buffer"
    parts = [str(size) for size in entry.shape]
    if not DTYPES[entry.dtype].is_floating:
        parts.append(f'dtype="{entry.dtype}"')
    return f"{form}({', '.join(parts)})"


def _ties(manifest: Manifest) -> Iterator[str]:
    aliases = [entry for entry in manifest if entry.tied_to is not None]
    if aliases:
        yield "ties:"
    for entry in aliases:
        yield f"  {_key(entry.name)}: {_key(entry.tied_to or '')}"


def _key(name: str) -> str:
    return name if _PLAIN_KEY.fullmatch(name) and name.lower() not in _WORDS else json.dumps(name)


_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


def _indented(lines: Iterable[str], depth: int) -> list[str]:
    return ["  " * depth + line for line in lines]
