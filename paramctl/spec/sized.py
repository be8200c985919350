"""A spec's model with every size that can be known, from the inputs given or from none."""

from __future__ import annotations

from collections.abc import Mapping

from paramctl.errors import UsageError
from paramctl.spec.build import build
from paramctl.spec.load import Spec
from paramctl.spec.module import SpecModule
from paramctl.spec.shapes import Form, infer_shapes, refresh
from paramctl.spec.sizes import Deferred


def sized(spec: Spec, inputs: Mapping[str, Form] | None = None) -> SpecModule:
    """The module tree; sizes that depend on an input nobody described stay unknown.

    Inputs that neither the caller nor the spec describes are taken for rows of features.

    Raises:
        SpecError: the spec is wrong.
        UsageError: an input that was given does not fit.
    """
    module = build(spec)
    if inputs:
        infer_shapes(spec, module, inputs)
        return module
    rows: dict[str, Form] = {
        name: ((Deferred("the batch"), Deferred(f"features of {name}")), "float32")
        for name in spec.input_names
        if name not in spec.inputs
    }
    try:
        infer_shapes(spec, module, rows)
    except UsageError:
        module = build(spec)
        refresh(module)
    return module
