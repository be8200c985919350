"""Run a model once: inputs in, named outputs out, watched on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from paramctl.compute.backend import HOST, Backend
from paramctl.engine.execution import Execution, Hook, Mode
from paramctl.engine.function import FUNCTIONS
from paramctl.engine.module import Module
from paramctl.engine.operation import OPERATIONS
from paramctl.engine.tensor import Tensor
from paramctl.errors import ParamctlError, UsageError
from paramctl.expression.errors import LanguageError
from paramctl.run.values import named_tensors


@dataclass(frozen=True)
class Setting:
    """How a run computes.

    Attributes:
        backend: where.
        dtype: ``float32``, ``float64`` or ``bfloat16``.
        mode: ``arrays``, or ``tape`` where gradients follow.
    """

    backend: Backend = HOST
    dtype: str = "float32"
    mode: Mode = "arrays"


@dataclass(frozen=True)
class Outcome:
    """What a run gave, and the run itself, from which gradients can go backward."""

    execution: Execution
    outputs: dict[str, Tensor]

    def arrays(self) -> dict[str, Any]:
        """The outputs on the host."""
        backend = self.execution.backend
        return {name: backend.to_numpy(tensor.array) for name, tensor in self.outputs.items()}


def forward(
    module: Module,
    values: Sequence[Any],
    setting: Setting,
    *,
    names: Sequence[str] = (),
    input_names: Sequence[str] = (),
    hooks: Sequence[Hook] = (),
) -> Outcome:
    """What a model makes of its inputs.

    Args:
        values: arrays in the order of the model's inputs; other values as they are.
        names: of the outputs, where the spec gives them.
        input_names: of the inputs, for messages.

    Raises:
        UsageError: the inputs don't fit the model.
        SpecError: the spec's own mistake.
    """
    OPERATIONS.load()
    FUNCTIONS.load()
    execution = Execution(setting.backend, setting.dtype, setting.mode, hooks)
    labels = [*input_names, *[""] * len(values)]
    given = [
        execution.constant(value, name) if hasattr(value, "shape") else value
        for value, name in zip(values, labels, strict=False)
    ]
    try:
        value = execution.call(module, *given)
    except LanguageError as error:
        frames = "".join(f"\n  {frame.line}" for frame in error.frames)
        raise UsageError(f"{error.message}{frames}", hint=error.hint) from None
    return Outcome(execution, _named(value, names))


def _named(value: Any, names: Sequence[str]) -> dict[str, Tensor]:
    if names and isinstance(value, tuple | list) and len(names) == len(value):
        value = dict(zip(names, value, strict=True))
    elif len(names) == 1:
        value = {names[0]: value}
    found = named_tensors(value)
    if not found:
        raise ParamctlError("the model gives no tensor")
    return found
