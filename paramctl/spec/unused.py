"""Children and tensors that no forward mentions, so that nothing can come of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from paramctl.engine.module import Module
from paramctl.expression.place import Place
from paramctl.spec.block import Block
from paramctl.spec.load import Spec


@dataclass(frozen=True)
class Unused:
    """A child or tensor that is made and never used.

    Attributes:
        paths: where it stands in the model, in order.
        block: the name of the block that declares it.
        place: where it does.
    """

    paths: tuple[str, ...]
    block: str
    place: Place


def unused_children(spec: Spec, module: Module) -> list[Unused]:
    """What the blocks of a spec declare and their forwards do not use.

    A child is used where the forward of its block names it, or any forward reaches it behind a
    dot, and a tensor where it has a second name; without a forward the children run in order.
    """
    tied = {name for group in module.ties() for name in group}
    blocks = list(spec.blocks.values())
    if isinstance(spec.model, Block):
        blocks.append(spec.model)
    reached = {name for block in blocks if block.forward for name in block.forward.dotted}
    found = []
    for block in blocks:
        made = [module] if block is spec.model else [m for _, m in module.of_type(block.name)]
        for name, place in _unnamed(block):
            paths = [
                f"{part.path}.{name}" if part.path else name
                for part in made
                if not _names(part, name) <= tied
            ]
            if paths and name not in reached:
                found.append(Unused(tuple(paths), block.name, place))
    return found


def _names(part: Module, name: str) -> set[str]:
    """The full names of the tensors of a child, or of the tensor itself; a child without any."""
    path = f"{part.path}.{name}" if part.path else name
    child = part.children.get(name)
    if child is None:
        return {path} if part.parameters.get(name) is not None else set()
    return {full for full, _ in child.named_parameters(path)} or {path}


def _unnamed(block: Block) -> Iterator[tuple[str, Place]]:
    """Children and tensors that the block's own forward does not name."""
    if block.forward is None:
        return
    for name, code in (*block.modules.items(), *block.parameters.items()):
        if name.replace("{i}", "") not in block.forward.names:
            yield name, code.place
