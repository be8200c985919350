"""The built-in layers: the blocks of ``layers/*.yaml``, read once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from paramctl.spec.block import Block, read_block
from paramctl.spec.nodes import Node, expect_map
from paramctl.spec.yaml import read_yaml

LAYERS = Path(__file__).parent / "layers"


class Layers(Mapping[str, Block]):
    """Blocks by name; the expressions of one are parsed when it is first asked for."""

    def __init__(self, nodes: Mapping[str, Node]) -> None:
        self.nodes = nodes
        self.blocks: dict[str, Block] = {}

    def __contains__(self, name: object) -> bool:
        return name in self.nodes

    def __getitem__(self, name: str) -> Block:
        if name not in self.blocks:
            self.blocks[name] = read_block(name, self.nodes[name])
        return self.blocks[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.nodes)

    def __len__(self) -> int:
        return len(self.nodes)


@cache
def builtin_layers() -> Layers:
    """Every built-in layer by name, in the order of the files."""
    nodes: dict[str, Node] = {}
    for path in sorted(LAYERS.glob("*.yaml")):
        nodes.update(expect_map(read_yaml(path, name=path.name, is_builtin=True), "layers").items())
    return Layers(nodes)
