"""Which files a MODEL means: one file, an index, or what a folder holds."""

import os
from dataclasses import dataclass
from pathlib import Path

from paramctl.errors import CheckpointError
from paramctl.formats.folder import is_weights
from paramctl.names import natural_order, show

INDEX = ".safetensors.index.json"
WHOLE = "model.safetensors"


@dataclass(frozen=True)
class Place:
    """Where a model's files are.

    Attributes:
        folder: the folder they lie in.
        name: the one file, or the index.
        is_index: which of the two.
        rivals: further whole-model files in the folder; a conflict unless the index lists them.
        is_named: whether the user named this very file, rather than its folder.
    """

    folder: Path
    name: str
    is_index: bool
    rivals: tuple[str, ...] = ()
    is_named: bool = False

    @property
    def path(self) -> Path:
        """The file or the index."""
        return self.folder / self.name


def locate(model: Path) -> Place:
    """The place of a MODEL.

    Raises:
        CheckpointError: a folder without a checkpoint, or with several.
    """
    if os.path.isdir(model):  # noqa: PTH112 - Path.is_dir raises where a name is too long
        return _in_folder(model)
    is_index = model.name.endswith(".index.json")
    return Place(model.parent, model.name, is_index, is_named=True)


def _in_folder(folder: Path) -> Place:
    where = show(str(folder))
    names = _names(folder)
    indices = [name for name in names if name.endswith(INDEX)]
    files = [name for name in names if name.endswith(".safetensors")]
    if len(indices) > 1:
        raise _several(indices, where)
    if indices:
        whole = {WHOLE, indices[0].removesuffix(".index.json")}
        rivals = tuple(name for name in files if name in whole)
        return Place(folder, indices[0], is_index=True, rivals=rivals)
    if WHOLE in files or len(files) == 1:
        name = WHOLE if WHOLE in files else files[0]
        return Place(folder, name, is_index=False)
    if files:
        raise _several(files, where)
    raise _nothing(names, where)


def check_rivals(place: Place, shards: list[str]) -> None:
    """Refuse a folder with an index and a whole model beside it: nobody can tell which is meant.

    Raises:
        CheckpointError: such a file is there and the index does not list it.
    """
    rivals = [name for name in place.rivals if name not in shards]
    if rivals:
        raise _several([*rivals, place.name], show(str(place.folder)))


def _names(folder: Path) -> list[str]:
    """The names in a folder that may be checkpoints: no folders, nothing behind a dot."""
    try:
        paths = [path for path in folder.iterdir() if path.name[0] != "." and not path.is_dir()]
        return natural_order(path.name for path in paths)
    except OSError as error:
        problem = (error.strerror or str(error)).lower()
        raise CheckpointError(f"can't be listed: {problem}", where=show(str(folder))) from None


def _several(names: list[str], where: str) -> CheckpointError:
    return CheckpointError(
        f"this folder holds {len(names)} checkpoints: {_listed(names)}",
        where=where,
        hint="give one of them by its path",
    )


def _nothing(names: list[str], where: str) -> CheckpointError:
    others = [name for name in names if is_weights(name)]
    if others:
        problem = f"this folder holds no .safetensors file, only {_listed(others)}"
        hint = "paramctl reads safetensors: convert the checkpoint first"
    else:
        problem, hint = "this folder holds no .safetensors file", ""
    return CheckpointError(problem, where=where, hint=hint)


def _listed(names: list[str]) -> str:
    shown = [show(name) for name in names[:8]]
    return ", ".join(shown) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
