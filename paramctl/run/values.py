"""What a module gives: a tensor, several, or plain values; its tensors in order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from paramctl.engine.tensor import Tensor
from paramctl.errors import UsageError

MOST_PARTS = 100_000


def tensors(value: Any) -> Iterator[Tensor]:
    """Every tensor of a value, in order; plain values are passed over.

    Raises:
        UsageError: the value has more parts than one that is meant to be looked at.
    """
    waiting, count = [value], 0
    while waiting:
        part = waiting.pop()
        count += 1
        if count > MOST_PARTS:
            raise UsageError(f"a module gives more than {MOST_PARTS:,} values")
        if isinstance(part, Tensor):
            yield part
        elif isinstance(part, tuple | list):
            waiting.extend(reversed(part))
        elif isinstance(part, dict):
            waiting.extend(reversed(part.values()))


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
