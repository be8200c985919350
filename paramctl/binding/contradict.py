"""Sizes that each fit the spec, and do not fit each other."""

from __future__ import annotations

from paramctl.binding.fit import Mismatch
from paramctl.engine.unknown import Unknown
from paramctl.errors import ParamctlError
from paramctl.spec.load import Spec
from paramctl.spec.module import SpecModule
from paramctl.spec.shapes import Form, infer_shapes


def contradictions(spec: Spec, module: SpecModule) -> list[Mismatch]:
    """The first place where shapes taken from a checkpoint can't be run; empty without one.

    A spec that can't be run on open sizes, with or without the checkpoint, tells nothing.
    """
    rows: dict[str, Form] = {
        name: ((Unknown("batch"), Unknown("features")), "float32")
        for name in spec.input_names
        if name not in spec.inputs
    }
    found = _failure(spec, module, rows)
    if found is None or module.again is None or _failure(spec, module.again(), rows) is not None:
        return []
    problem = found.problem.splitlines()[0]
    name, colon, rest = problem.partition(": ")
    known = colon and name in dict(module.named_parameters())
    return [Mismatch(name, name, rest) if known else Mismatch("", "", problem)]


def _failure(spec: Spec, module: SpecModule, rows: dict[str, Form]) -> ParamctlError | None:
    try:
        infer_shapes(spec, module, rows)
    except ParamctlError as error:
        return error
    return None
