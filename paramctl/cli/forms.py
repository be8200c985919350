"""What ``--input`` and ``--set`` say about a SPEC: shapes of its inputs, values of its config."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from paramctl.run.given import Given
    from paramctl.spec.load import Spec
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
