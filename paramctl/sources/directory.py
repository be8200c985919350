"""Which files a MODEL means: one file, an index, or what a folder holds."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from paramctl.errors import CheckpointError, MissingError
from paramctl.formats.folder import is_weights
from paramctl.names import show
from paramctl.sources.address import Address, is_url
from paramctl.sources.local import LocalPlace

if TYPE_CHECKING:
    from paramctl.sources.place import Place

INDEX = ".safetensors.index.json"
WHOLE = "model.safetensors"


@dataclass(frozen=True)
class Choice:
    """Where a model's files are.

    Attributes:
        model: what was asked for; a name of which anything moves is settled by now.
        place: the folder they lie in.
        name: the one file, or the index.
        is_index: which of the two.
        rivals: further whole-model files in the folder; a conflict unless the index lists them.
        is_named: whether the user named this very file, rather than its folder.
    """

    model: Path | Address
    place: "Place"
    name: str
    is_index: bool
    rivals: tuple[str, ...] = ()
    is_named: bool = False

    @property
    def path(self) -> Path | Address:
        """The file or the index."""
        return self.place.at(self.name)

    @property
    def where(self) -> str:
        """The same for messages."""
        return show(str(self.path))


def locate(model: str | Path | Address) -> Choice:
    """The file that a MODEL means.

    Raises:
        CheckpointError: a folder without a checkpoint, or with several.
        UsageError: a URL that can't be one of a model.
        ResourceError: what reads such a URL is not installed.
    """
    if is_url(model):
        from paramctl.sources.remote.locate import locate_url

        return _settled(*locate_url(model if isinstance(model, Address) else Address(str(model))))
    path = Path(str(model))
    if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises where a name is too long
        return _settled(path, LocalPlace(path), "")
    return _settled(path, LocalPlace(path.parent), path.name)


def _settled(model: Path | Address, place: "Place", name: str) -> Choice:
    """The choice once it is known which file is meant, if it is not said."""
    if name:
        return Choice(model, place, name, name.endswith(".index.json"), is_named=True)
    try:
        names = place.names()
        return _by_trying(model, place) if names is None else _chosen(model, place, names)
    except BaseException:
        place.close()
        raise


def _chosen(model: Path | Address, place: "Place", names: list[str]) -> Choice:
    indices = [name for name in names if name.endswith(INDEX)]
    files = [name for name in names if name.endswith(".safetensors")]
    if len(indices) > 1:
        raise _several(indices, place.where)
    if indices:
        whole = {WHOLE, indices[0].removesuffix(".index.json")}
        rivals = tuple(name for name in files if name in whole)
        return Choice(model, place, indices[0], is_index=True, rivals=rivals)
    if WHOLE in files or len(files) == 1:
        name = WHOLE if WHOLE in files else files[0]
        return Choice(model, place, name, is_index=False)
    raise _several(files, place.where) if files else _nothing(names, place.where)


def _by_trying(model: Path | Address, place: "Place") -> Choice:
    """The choice where a folder can't be listed: the names that folders of models have.

    Raises:
        MissingError: it has none of them.
    """
    index = f"{WHOLE}.index.json"
    if _has(place, index):
        rivals = (WHOLE,) if _has(place, WHOLE) else ()
        return Choice(model, place, index, is_index=True, rivals=rivals)
    try:
        place.open(WHOLE)
    except MissingError as error:
        raise MissingError(
            f"neither {index} nor {WHOLE} is there",
            where=place.where,
            hint=error.hint or "name the .safetensors file or the index itself",
        ) from None
    return Choice(model, place, WHOLE, is_index=False)


def _has(place: "Place", name: str) -> bool:
    try:
        place.open(name)
    except MissingError:
        return False
    return True


def check_rivals(choice: Choice, shards: list[str]) -> None:
    """Refuse a folder with an index and a whole model beside it: nobody can tell which is meant.

    Raises:
        CheckpointError: such a file is there and the index does not list it.
    """
    rivals = [name for name in choice.rivals if name not in shards]
    if rivals:
        raise _several([*rivals, choice.name], choice.place.where)


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
