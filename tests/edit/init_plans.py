"""Plans of initializations of a small model."""

from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from paramctl.edit.content import array
from paramctl.edit.init import Init
from paramctl.edit.plan import Plan, Step, plan
from paramctl.init.rules import parse_rule
from paramctl.sources.open import open_source

SHAPES = {
    "0.weight": (8, 4),
    "0.bias": (8,),
    "2.weight": (8, 4),
    "2.bias": (8,),
    "norm.weight": (8,),
}


def checkpoint(folder: Path, metadata: dict[str, str] | None = None, **more) -> Path:
    """A small model whose tensors are all threes."""
    tensors = {name: np.full(shape, 3, np.float32) for name, shape in SHAPES.items()}
    tensors |= {name.replace("__", "."): np.asarray(value) for name, value in more.items()}
    path = folder / "m.safetensors"
    save_file(tensors, path, metadata)
    return path


def planned(path: Path, *schemes: str, select: tuple[str, ...] = (), **options) -> Plan:
    with open_source(path) as source:
        edit = Init(tuple(map(parse_rule, schemes)), **options)
        return plan(source, [Step(edit, select)])


def values(made: Plan) -> dict[str, np.ndarray]:
    """The changed tensors."""
    return {
        change.name: array(made.draft.content(change.name), change.after.dtype, change.after.shape)
        for change in made.changes
    }
