"""Outputs against saved ones: the first that is missing, shaped otherwise, or too far away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paramctl.errors import UsageError
from paramctl.names import near, show
from paramctl.run.lockstep import Parting, part


def compare_saved(
    outputs: Mapping[str, Any], wanted: Mapping[str, Any], tolerance: float
) -> Parting | None:
    """The first output that parts from the saved one by more than the tolerance.

    A saved array alone stands for the only output, whatever its name.

    Raises:
        UsageError: a saved name is no output.
    """
    if len(outputs) == len(wanted) == 1:
        wanted = dict(zip(outputs, wanted.values(), strict=True))
    for name, other in wanted.items():
        if name not in outputs:
            similar = near(name, outputs, 1)
            hint = f"did you mean {similar[0]}?" if similar else f"outputs: {', '.join(outputs)}"
            raise UsageError(f"no output is named '{show(name)}'", where="--expect", hint=hint)
        own = outputs[name]
        if own.shape != other.shape:
            note = f"it is {list(own.shape)}, the expected one {list(other.shape)}"
            return Parting(name, note=note)
        found = part(own, other, tolerance)
        if found is not None:
            return Parting(name, "", *found)
    return None
