"""The built-in layers: the blocks of ``layers/*.yaml``, read once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from paramctl.spec.block import Block, read_block
from paramctl.spec.nodes import expect_map
from paramctl.spec.yaml import read_yaml

LAYERS = Path(__file__).parent / "layers"


@cache
def builtin_layers() -> Mapping[str, Block]:
    """Every built-in layer by name, in the order of the files."""
    blocks: dict[str, Block] = {}
    for path in sorted(LAYERS.glob("*.yaml")):
        for name, node in expect_map(read_yaml(path, is_builtin=True), "layers").items():
            blocks[name] = read_block(name, node)
    return blocks
