"""Where a checkpoint may be written, decided before anything is touched."""

import os
import stat
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from paramctl.errors import ResourceError, UsageError
from paramctl.formats.folder import survey
from paramctl.names import show

Identity = tuple[int, int]  # device and inode: the same for every path to a file


@dataclass(frozen=True)
class Destination:
    """A place that may be written.

    Attributes:
        path: the file or folder that will be there.
        is_folder: which of the two.
        replaces: the status of what is replaced; ``None`` when the place is free.
        backup: the name under which what is replaced stays; empty when it goes.
    """

    path: Path
    is_folder: bool
    replaces: os.stat_result | None = None
    backup: str = ""

    @property
    def where(self) -> str:
        """The path as it may be printed."""
        return show(str(self.path))


def is_file_name(path: Path) -> bool:
    """Whether a path names one file: it ends in ``.safetensors``."""
    return path.name.endswith(".safetensors")


def choose_destination(
    path: Path,
    *,
    inputs: Collection[Identity] = (),
    folders: Collection[Identity] = (),
    force: bool = False,
    backup: bool = False,
) -> Destination:
    """The destination ``path``, once it is sure that nothing a user wants is lost there.

    Args:
        inputs: the files that are read.
        folders: the folders of the models that are read.
        force: a checkpoint there may be replaced.
        backup: what is replaced is kept under another name.

    Raises:
        UsageError: an input, no regular file, there already, or a folder with other things.
        ResourceError: the folder above is missing or can't be written.
    """
    path = _named(path)
    where, is_folder = show(str(path)), not is_file_name(path)
    _check_parent(path, where)
    status = _status(path)
    if is_folder:
        _refuse_inside(path, folders, where)
    if status is None:
        return Destination(path, is_folder)
    _refuse_inputs(path, inputs, folders, where)
    _refuse_kind(status, is_folder, where)
    if is_folder and not any(path.iterdir()):
        return Destination(path, is_folder)
    if not force:
        raise exists(where)
    if is_folder:
        _refuse_strangers(path, where)
    return Destination(path, is_folder, status, free_backup(path) if backup else "")


def choose_output(
    path: Path, *, inputs: Collection[Identity] = (), force: bool = False
) -> Destination:
    """The destination of one file that is no checkpoint: a page, a list, a lock.

    Args:
        inputs: the files that are read.
        force: a regular file there may be replaced.

    Raises:
        UsageError: an input, no regular file, or there already.
        ResourceError: the folder above is missing or can't be written.
    """
    path = _named(path)
    where = show(str(path))
    _check_parent(path, where)
    status = _status(path)
    if status is None:
        return Destination(path, is_folder=False)
    _refuse_inputs(path, inputs, (), where)
    _refuse_kind(status, False, where)
    if not force:
        raise exists(where)
    return Destination(path, is_folder=False, replaces=status)


def in_place(path: Path, *, is_folder: bool, backup: bool = False) -> Destination:
    """The destination that is the input itself.

    Raises:
        UsageError: it is reached through a symbolic link.
        ResourceError: its folder can't be written.
    """
    path = _named(path)
    where = show(str(path))
    status = _status(path)
    if status is None:
        raise ResourceError("it is gone", where=where)
    if stat.S_ISLNK(status.st_mode):
        raise UsageError(
            "--in-place does not write through a symbolic link",
            where=where,
            hint="name the file it leads to, or write elsewhere with -o OUT",
        )
    _check_parent(path, where)
    return Destination(path, is_folder, status, free_backup(path) if backup else "")


def exists(where: str) -> UsageError:
    """The refusal to overwrite."""
    return UsageError("it exists already", where=where, hint="add --force to replace it")


def identity(status: os.stat_result) -> Identity:
    """Device and inode."""
    return status.st_dev, status.st_ino


def is_unchanged(before: os.stat_result, after: os.stat_result) -> bool:
    """Whether a file is still the same and as it was."""
    return (identity(before), before.st_size, before.st_mtime_ns) == (
        identity(after),
        after.st_size,
        after.st_mtime_ns,
    )


def free_backup(path: Path) -> str:
    """The name under which the old version stays: NAME.bak, or NAME.bak.1 and so on."""
    name, number = f"{path.name}.bak", 0
    while os.path.lexists(path.with_name(name)):
        number += 1
        name = f"{path.name}.bak.{number}"
    return name


def _named(path: Path) -> Path:
    """The path with a last part that is a name, also for ``.`` and ``..``."""
    return path if path.name not in ("", "..") else path.resolve()


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except FileNotFoundError:
        return None
    except ValueError:
        raise UsageError("a file name can't hold a NUL character") from None
    except OSError as error:
        raise ResourceError(error.strerror or str(error), where=show(str(path))) from None


def _check_parent(path: Path, where: str) -> None:
    parent = path.parent
    if not parent.is_dir():
        raise ResourceError(f"there is no folder {show(str(parent))}", where=where)
    if not os.access(parent, os.W_OK | os.X_OK):
        raise ResourceError(f"the folder {show(str(parent))} can't be written", where=where)


def _refuse_inputs(
    path: Path, inputs: Collection[Identity], folders: Collection[Identity], where: str
) -> None:
    try:
        same = identity(path.stat())
    except OSError:
        return  # a link that leads nowhere; refused as a link
    if same in inputs or same in folders:
        raise UsageError(
            "it is an input", where=where, hint="use --in-place to change a checkpoint itself"
        )


def _refuse_inside(path: Path, folders: Collection[Identity], where: str) -> None:
    for parent in path.parent.resolve().parents, (path.parent.resolve(),):
        if any(identity(folder.stat()) in folders for folder in parent):
            raise UsageError(
                "it lies inside the model's own folder",
                where=where,
                hint="write to a folder beside it",
            )


def _refuse_kind(status: os.stat_result, is_folder: bool, where: str) -> None:
    kind = _KINDS.get(stat.S_IFMT(status.st_mode), "no regular file")
    if kind != ("a folder" if is_folder else "a file"):
        wanted = "a folder" if is_folder else "a regular file"
        raise UsageError(f"it is {kind}, wanted {wanted}", where=where)


_KINDS = {
    stat.S_IFREG: "a file",
    stat.S_IFDIR: "a folder",
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def _refuse_strangers(path: Path, where: str) -> None:
    contents = survey(path)
    if not contents.model:
        raise UsageError("--force replaces a folder only if it holds a checkpoint", where=where)
    if contents.others:
        listed = "\n  ".join(show(name) for name in contents.others[:10])
        more = f"\n  and {len(contents.others) - 10} more" if len(contents.others) > 10 else ""
        raise UsageError(
            f"--force would delete what is no part of a model:\n  {listed}{more}",
            where=where,
            hint="move it away, or write to another folder",
        )
