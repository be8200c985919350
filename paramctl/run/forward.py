"""Run a model once: inputs in, named outputs out, watched on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paramctl.binding.model import Model
from paramctl.compute.backend import HOST, Backend
from paramctl.compute.blas import single_threaded
from paramctl.compute.memory import keep_freed_blocks
from paramctl.engine.execution import Execution, Hook, Mode
from paramctl.engine.function import FUNCTIONS
from paramctl.engine.module import Module
from paramctl.engine.operation import OPERATIONS
from paramctl.engine.tensor import Tensor
from paramctl.errors import ResourceError, SpecError, UsageError
from paramctl.names import show
from paramctl.run.values import named_tensors
from paramctl.spec.document import shown
from paramctl.spec.shapes import call_model, infer_shapes, require_known, with_defaults

_KEPT = 1 << 30  # bytes


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


def settle(model: Model, arrays: Mapping[str, Any]) -> None:
    """Find every size that the inputs decide, and make sure that none stays open.

    Raises:
        UsageError: an input does not fit the model, or a size is still unknown.
        SpecError: the spec contradicts itself.
    """
    forms = {name: (array.shape, _dtype(array)) for name, array in arrays.items()}
    infer_shapes(model.spec, model.module, forms)
    require_known(model.module)


def forward(
    model: Model, arrays: Mapping[str, Any], setting: Setting, hooks: Sequence[Hook] = ()
) -> Outcome:
    """What a model makes of its inputs; ``settle`` comes before it.

    Raises:
        UsageError: a value does not fit, such as an index outside a table.
        ResourceError: out of memory, with the module that wanted it; or the device failed.
    """
    OPERATIONS.load()
    FUNCTIONS.load()
    keep_freed_blocks(_KEPT, _KEPT)  # a layer's arrays are as large as those of the one before
    place = _LastPlace(shown(model.spec.path))
    execution = Execution(setting.backend, setting.dtype, setting.mode, [*hooks, place])
    try:
        with setting.backend.here(), single_threaded():
            given = {name: execution.constant(array, name) for name, array in arrays.items()}
            values = with_defaults(execution, model.spec, given)
            value = call_model(execution, model.spec, model.module, values)
    except MemoryError:
        raise ResourceError(
            f"out of memory in {place.name}", where=place.where, hint="give smaller inputs"
        ) from None
    except SpecError as error:  # shapes were right, so a value is to blame
        raise UsageError(error.problem, where=error.where, hint=error.hint) from None
    return Outcome(execution, _named(value, model.spec.outputs))


@dataclass
class _LastPlace:
    """A hook that remembers which module began last, and where a spec declares it."""

    where: str
    name: str = "the model"

    def before(self, module: Module, values: Sequence[Any]) -> None:
        """Remember it."""
        self.where = module.place or self.where
        self.name = show(module.path) if module.path else self.name

    def after(self, module: Module, value: Any) -> None:
        """Nothing to do."""


def _named(value: Any, names: Sequence[str]) -> dict[str, Tensor]:
    """The outputs by the spec's names; what a model leaves out is ``None``."""
    if names and isinstance(value, tuple | list) and len(names) == len(value):
        value = {name: part for name, part in zip(names, value, strict=True) if part is not None}
    elif len(names) == 1:
        value = {names[0]: value}
    found = named_tensors(value)
    if not found:
        raise UsageError("the model gives no tensor")
    return found


def _dtype(array: Any) -> str:
    name = str(array.dtype)
    return "float32" if name.startswith(("float", "bfloat")) else name
