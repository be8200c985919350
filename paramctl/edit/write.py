"""A plan into files: one file, or a folder with everything that belongs to the model."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paramctl.edit.draft import Draft
from paramctl.edit.layout import encode_index, index_name, one_file, shards
from paramctl.edit.plan import Plan
from paramctl.edit.tied_config import states_tie
from paramctl.errors import UsageError
from paramctl.formats.destination import (
    Destination,
    Identity,
    choose_destination,
    identity,
    in_place,
    is_file_name,
)
from paramctl.formats.folder import SINGLE, survey
from paramctl.formats.index import LARGEST
from paramctl.formats.write_file import Beside, write_file
from paramctl.formats.write_folder import FolderImage, SideFile, write_folder
from paramctl.names import show

CONFIG = "config.json"


@dataclass(frozen=True)
class Where:
    """Where the result of an edit goes.

    Attributes:
        output: a new file or folder; ``None`` with ``in_place``.
        in_place: replace the checkpoint itself, after the last read.
        force: replace a checkpoint that is there.
        backup: keep what is replaced, as NAME.bak.
    """

    output: Path | None = None
    in_place: bool = False
    force: bool = False
    backup: bool = False


def expect_place(where: Where) -> None:
    """Refuse an edit that is told no place, or two, which needs no plan to know.

    Raises:
        UsageError: neither or both of OUT and in place.
    """
    if (where.output is None) != where.in_place:
        raise UsageError(
            "an edit needs either -o OUT or --in-place",
            hint="-o OUT writes a new checkpoint, --in-place replaces this one",
        )


def destination(plan: Plan, where: Where) -> Destination:
    """The place a plan will be written to, once it is sure that nothing is lost there.

    Raises:
        UsageError: neither or both of OUT and in place; or the place is refused.
        ResourceError: the place can't be written.
    """
    expect_place(where)
    if where.output is None:
        return _own_place(plan.draft, where.backup)
    draft, sources = plan.draft, plan.draft.inputs
    if draft.is_relaid and draft.is_sharded and is_file_name(where.output):
        raise UsageError(
            f"{len(draft.names)} shards don't fit into one file",
            where=show(str(where.output)),
            hint="name a folder",
        )
    folders = [source.folder for source in sources if source.folder and source.is_directory]
    return choose_destination(
        where.output,
        inputs=_identities(plan.draft),
        folders=[identity(folder.stat()) for folder in folders],
        force=where.force,
        backup=where.backup,
    )


def write(plan: Plan, place: Destination) -> None:
    """Write a plan, whole or not at all.

    Raises:
        CheckpointError: an input changed while it was read.
        ResourceError: the disk is full or fails, or the place changed meanwhile.
    """
    draft = plan.draft
    if not place.is_folder:
        is_own = place.replaces is not None and place.path == _own_path(draft)
        beside = _config_beside(draft, bool(place.backup)) if is_own else None
        write_file(place, one_file(draft, place.path.name), unchanged(draft), beside)
        return
    image = folder_image(draft, keeps_place=_is_own_folder(draft, place))
    write_folder(place, image, unchanged(draft), draft.ledgers)


def folder_image(draft: Draft, *, keeps_place: bool = False) -> FolderImage:
    """The files of a folder: shards as before or one file, side files, the index.

    Args:
        keeps_place: everything else that lies in the model's folder comes along too.
    """
    config = _config_text(draft)
    sides = {file.name: file for file in _sides(draft, keeps_place=keeps_place)}
    if config is not None:
        sides[CONFIG] = SideFile(CONFIG, config)
    if not draft.is_sharded:
        return FolderImage((one_file(draft, SINGLE),), tuple(sides.values()))
    images = shards(draft)
    source = draft.source
    path = source.index_path
    before = None
    if path is not None:
        before = source.place.read_whole(path.name, LARGEST, is_named=path == source.path)
    text = encode_index(draft, images, before)
    index = SideFile(index_name(draft), text)
    return FolderImage(tuple(images), tuple(sides.values()), index)


def _sides(draft: Draft, *, keeps_place: bool) -> list[SideFile]:
    source = draft.source
    if source.folder is not None and keeps_place:
        contents = survey(source.folder)
        return [_kept(source.folder, name) for name in (*contents.sides, *contents.others)]
    files, note = source.sides()
    draft.notes += [note] if note else []
    return files


def _kept(folder: Path, name: str) -> SideFile:
    path = folder / name
    if path.is_symlink():
        return SideFile(name, path)
    if not path.is_file():
        raise UsageError(
            f"--in-place can't carry '{name}' along, which is no file", hint="write to -o OUT"
        )
    return SideFile(name, path, path.stat().st_mode & 0o777)


def _own_place(draft: Draft, backup: bool) -> Destination:
    source = draft.source
    if source.folder is None:
        what = "an address" if source.place.is_remote else "standard input"
        raise UsageError(f"{what} has no place to write to", hint="use -o OUT")
    for path in (source.path, *source.files, source.index_path):
        if isinstance(path, Path) and path.is_symlink():
            return in_place(path, is_folder=False)  # which refuses it
    if draft.is_sharded and not source.is_directory:
        raise UsageError("shards need a folder of their own", hint="use -o OUT")
    is_folder = source.is_sharded or draft.is_sharded
    own = source.folder if is_folder else source.local_files[0]
    return in_place(own, is_folder=is_folder, backup=backup)


def _own_path(draft: Draft) -> Path | None:
    files = draft.source.local_files
    return None if draft.source.is_sharded or not files else files[0]


def _is_own_folder(draft: Draft, place: Destination) -> bool:
    folder = draft.source.folder
    return (
        folder is not None
        and place.replaces is not None
        and identity(place.replaces) == identity(folder.stat())
    )


def _identities(draft: Draft) -> set[Identity]:
    paths = [path for source in draft.inputs for path in (*source.local_files, source.index_path)]
    return {identity(path.stat()) for path in paths if isinstance(path, Path)}


def unchanged(draft: Draft) -> Callable[[], None]:
    """A question to be asked at the end of writing; it raises when an input or a check says no."""

    def check() -> None:
        for question in draft.checks:
            question()
        for source in draft.inputs:
            source.check_unchanged()

    return check


def _config_text(draft: Draft) -> bytes | None:
    """The changed config.json; ``None`` when it stays as it is or there is none."""
    if draft.source.config is None or not draft.config:
        return None
    config: dict[str, Any] = dict(draft.source.config)
    for key, value in draft.config.items():
        if value is None:
            config.pop(key, None)
        else:
            config[key] = value
    if config == draft.source.config:
        return None
    return (json.dumps(config, indent=2, ensure_ascii=False) + "\n").encode()


def _config_beside(draft: Draft, backup: bool) -> Beside | None:
    """The config.json of a checkpoint that is replaced in its place, if it changes.

    Between the two renames lies a moment in which only one of the files is new. A model that
    becomes tied still has both tensors then, and one that is untied already has them: whatever
    config.json says, it loads as before.

    Raises:
        UsageError: config.json is a symbolic link.
    """
    text, path = _config_text(draft), draft.source.config_path
    if text is None or path is None:
        return None
    place = in_place(path, is_folder=False, backup=backup)
    return Beside(place, text, is_first=states_tie(draft.config))
