"""A spec's model with every size that can be known, from the inputs given or from none."""

from __future__ import annotations

from collections.abc import Mapping

from paramctl.errors import SpecError, UsageError
from paramctl.spec.build import build
from paramctl.spec.load import Spec
from paramctl.spec.module import SpecModule
from paramctl.spec.shapes import Form, infer_shapes, refresh
from paramctl.spec.sizes import Deferred

# Rows of features, sequences, images, volumes, one row; rows of indices, one row of them.
_GUESSES = [*((rank, "float32") for rank in (2, 3, 4, 5, 1)), (2, "int64"), (1, "int64")]


def sized(spec: Spec, inputs: Mapping[str, Form] | None = None) -> SpecModule:
    """The module tree; sizes that depend on an input nobody described stay unknown.

    Inputs that neither the caller nor the spec describes are taken for rows of features; where
    the model refuses these, for more axes, or for indices.

    Raises:
        SpecError: the spec is wrong.
        UsageError: an input that was given does not fit.
    """
    module = build(spec)
    if inputs:
        infer_shapes(spec, module, inputs)
        return module
    errors = []
    is_described = spec.inputs.keys() >= set(spec.input_names)
    for rank, dtype in _GUESSES[:1] if is_described else _GUESSES:
        try:
            infer_shapes(spec, module, _undescribed(spec, rank, dtype))
        except SpecError as error:
            errors.append(error)
            if getattr(error, "is_final", False):
                break
            module = build(spec)
        except UsageError:
            module = build(spec)
            refresh(module)
            return module
        else:
            return module
    raise max(errors, key=_place)


def _undescribed(spec: Spec, rank: int, dtype: str) -> dict[str, Form]:
    return {
        name: (tuple(Deferred(f"axis {axis} of {name}") for axis in range(rank)), dtype)
        for name in spec.input_names
        if name not in spec.inputs
    }


def _place(error: SpecError) -> list[int]:
    """Line and column: the input that comes furthest is the most likely one."""
    return [int(part) for part in error.where.split(":")[1:] if part.isdigit()]
