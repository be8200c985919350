"""What a module gives: a tensor, several, or plain values; its tensors in order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from paramctl.engine.tensor import Tensor


def tensors(value: Any) -> Iterator[Tensor]:
    """Every tensor of a value, in order; plain values are passed over."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, tuple | list):
        for part in value:
            yield from tensors(part)
    elif isinstance(value, dict):
        yield from tensors(list(value.values()))


def named_tensors(value: Any, name: str = "output") -> dict[str, Tensor]:
    """The tensors of a model's result by name: ``output``, or ``output.0``, ``output.1`` …"""
    if isinstance(value, dict):
        found: dict[str, Tensor] = {}
        for key, part in value.items():
            found.update(named_tensors(part, str(key)))
        return found
    if isinstance(value, tuple | list):
        listed = list(tensors(value))
        return {f"{name}.{place}": tensor for place, tensor in enumerate(listed)}
    return {name: value} if isinstance(value, Tensor) else {}
