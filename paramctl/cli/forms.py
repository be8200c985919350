"""What a command line says about a SPEC: shapes of inputs, values of config, a checkpoint."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from paramctl.run.given import Given
    from paramctl.spec.load import Spec
    from paramctl.spec.module import SpecModule
    from paramctl.spec.shapes import Form


def input_forms(spec: "Spec", texts: Sequence[str]) -> "dict[str, Form]":
    """Shape and dtype of every input that ``--input`` gives; a file is read for its own.

    Raises:
        UsageError: one can't be read, or a name is given twice.
    """
    from paramctl.run.given import parse_inputs

    return {name: _form(name, given, spec) for name, given in parse_inputs(list(texts)).items()}


def config_overrides(texts: Sequence[str]) -> dict[str, Any]:
    """Config names to values, from ``NAME=VALUE`` texts; values are read as in YAML.

    Raises:
        UsageError: a text is no such thing.
    """
    from paramctl.spec.config import parse_override

    return dict(map(parse_override, texts))


def module_of(
    spec: str, model: str | None, inputs: Sequence[str], settings: Sequence[str]
) -> "SpecModule":
    """The tree of a spec with the sizes that are known: of a checkpoint too, where one is given.

    Raises:
        CheckpointError: the checkpoint is malformed, or does not fit.
        SpecError: the spec breaks a rule.
        UsageError: an input or a setting can't be.
    """
    from paramctl.binding.words import is_spec
    from paramctl.sources.address import is_url
    from paramctl.spec.load import load_spec
    from paramctl.spec.sized import sized

    overrides = config_overrides(settings)
    if model is None and (is_spec(spec) or not (is_url(spec) or Path(spec).exists())):
        read = load_spec(spec, None, overrides)
        return sized(read, input_forms(read, inputs))
    from paramctl.binding.model import fitting_model
    from paramctl.sources.open import open_source
    from paramctl.spec.shapes import infer_shapes

    with open_source(model or spec) as source:
        bound = fitting_model(source, spec if model else None, overrides)
    forms = input_forms(bound.spec, inputs)
    if forms:
        infer_shapes(bound.spec, bound.module, forms)
    return bound.module


def _form(name: str, given: "Given", spec: "Spec") -> "Form":
    declared = spec.inputs.get(name)
    dtype = declared.dtype if declared else "float32"
    if given.kind == "file":
        from paramctl.run.arrays import read_array

        array = read_array(given.path, name)
        return array.shape, dtype if declared else array.dtype.name
    if given.kind == "values":
        return _listed(given.values), dtype
    return given.shape, dtype


def _listed(values: Any) -> tuple[int, ...]:
    """The shape of nested lists, by their first members."""
    shape = []
    while isinstance(values, list):
        shape.append(len(values))
        values = values[0] if values else None
    return tuple(shape)
