"""Which arguments of a block are sizes that may stay unknown when they are null.

An argument is a size if ``infer`` finds it, if shapes of the block's tensors are made of it, if
it is computed with under ``modules``, or if it is handed to such an argument of another block.
All other nulls are just ``None``: a window, a row of padding, an optional width that is asked
whether it ``is None``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from paramctl.expression.parse import Code
from paramctl.spec.block import Block


def open_arguments(
    block: Block, blocks: Mapping[str, Block], *, trail: tuple[str, ...] = ()
) -> frozenset[str]:
    """Names of the arguments of ``block`` that are sizes.

    Args:
        blocks: the blocks that its children may be made of.
    """
    codes = [*block.let.values(), *block.parameters.values()]
    names = {name for code in codes for name in code.names}
    names |= set(block.infer)
    for code in block.modules.values():
        names |= set(_sizes_in(code, blocks, (*trail, block.name)))
    asked = {name for code in [*codes, *block.modules.values()] for name in _asked(code)}
    found = (names - asked) | set(block.infer)
    return frozenset(found & set(block.arguments))


def _sizes_in(code: Code, blocks: Mapping[str, Block], trail: tuple[str, ...]) -> Iterator[str]:
    assert code.result is not None
    for node in ast.walk(code.result):
        if isinstance(node, ast.BinOp):
            yield from (part.id for part in ast.walk(node) if isinstance(part, ast.Name))
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id not in blocks or node.func.id in trail:
            continue
        callee = blocks[node.func.id]
        sizes = open_arguments(callee, blocks, trail=trail)
        given = list(zip(callee.arguments, node.args, strict=False))
        given += [(str(keyword.arg), keyword.value) for keyword in node.keywords]
        for name, value in given:
            if isinstance(value, ast.Name) and name in sizes:
                yield value.id


def _asked(code: Code) -> Iterator[str]:
    """Names that the code asks whether they are ``None``."""
    assert code.result is not None
    for node in ast.walk(code.result):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Is | ast.IsNot):
            yield from (part.id for part in [node.left] if isinstance(part, ast.Name))
