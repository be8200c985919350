"""Write a model's folder, whole or not at all: built beside its place, moved there in one step."""

import contextlib
import errno
import fcntl
import os
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from paramctl.compute.jobs import elsewhere
from paramctl.errors import ResourceError
from paramctl.formats.content import Block, Flow, Span
from paramctl.formats.copying import copy_span, write_at
from paramctl.formats.destination import Destination
from paramctl.formats.fill import begin, fill, finish, reserve
from paramctl.formats.hidden import part_name
from paramctl.formats.holes import ranges
from paramctl.formats.image import Image
from paramctl.formats.inherit import inherit
from paramctl.formats.kernel import UnsupportedError, exchange, rename_new, undisturbed
from paramctl.formats.stale import sweep
from paramctl.formats.write_file import check_destination, told
from paramctl.names import show

if TYPE_CHECKING:
    from paramctl.formats.parts import Ledger


Replaced = dict[str, tuple[Path, os.stat_result]]  # path and status of an old file, by name


@dataclass(frozen=True)
class SideFile:
    """A file that goes with a model.

    Attributes:
        name: its path relative to the folder.
        content: its new bytes, or where to copy them from.
        mode: its permissions before the umask; a new file's when ``None``.
    """

    name: str
    content: bytes | Path | Flow
    mode: int | None = None


@dataclass(frozen=True)
class FolderImage:
    """A folder to be written: checkpoint files, what goes with them, the index last."""

    images: tuple[Image, ...]
    sides: tuple[SideFile, ...] = ()
    index: SideFile | None = None


def write_folder(
    destination: Destination,
    image: FolderImage,
    unchanged: Callable[[], None],
    ledgers: "Sequence[Ledger] | None" = None,
) -> None:
    """Write a folder image to a destination.

    It is built under a hidden name beside its place, every file synced and read back, and then
    takes its place in one step; a folder that is replaced swaps places with it.

    Args:
        unchanged: raises when an input is no longer what it was; asked at the end.
        ledgers: what hears of work that is done elsewhere; without them all is done here.

    Raises:
        ResourceError: as for one file; or the file system can't swap two folders.
    """
    path = destination.path
    with told(destination.where), _opened(path.parent) as parent:
        sweep(parent, path.name)
        with _building(parent, destination) as part, _opened(path.parent / part) as folder:
            replaced = _replaced(destination, image)
            if ledgers is None or elsewhere() is None:
                _fill_here(folder, image.images, replaced)
            else:
                _fill_elsewhere(folder, path.parent / part, image.images, replaced, ledgers)
            _add_sides(folder, path.parent / part, image, replaced)
            if destination.replaces is not None:
                inherit(folder, path, destination.replaces)
            unchanged()
            check_destination(destination, parent)
            with undisturbed():
                _publish(parent, part, destination)


def _fill_here(folder: int, images: Sequence[Image], replaced: Replaced) -> None:
    for file in images:
        with _new_file(folder, file.name, 0o666, replaced) as fd:
            fill(fd, file)


def _fill_elsewhere(
    folder: int,
    path: Path,
    images: Sequence[Image],
    replaced: Replaced,
    ledgers: "Sequence[Ledger]",
) -> None:
    """Begin all files, have workers fill them, and finish each; only this process names any."""
    from paramctl.formats.parts import fill_by_parts

    for file in images:
        mode = 0o600 if file.name in replaced else 0o666  # for workers to open it
        with _new_file(folder, file.name, mode, {}) as fd:
            begin(fd, file)
            os.fsync(fd)
    os.fsync(folder)
    fill_by_parts(path, images, ledgers)
    for file in images:
        fd = os.open(file.name, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
        try:
            if file.name in replaced:
                inherit(fd, *replaced[file.name])
            finish(fd, file)
        finally:
            os.close(fd)


def _add_sides(folder: int, path: Path, image: FolderImage, replaced: Replaced) -> None:
    for side in (*image.sides, *([image.index] if image.index else [])):
        _write_side(folder, path, side, replaced)
    for below in sorted({parent for side in image.sides for parent in Path(side.name).parents}):
        with _opened(path / below) as fd:
            os.fsync(fd)
    os.fsync(folder)


def _write_side(folder: int, path: Path, side: SideFile, replaced: Replaced) -> None:
    if not (path / side.name).parent.exists():
        (path / side.name).parent.mkdir(parents=True)
    if isinstance(side.content, Path) and side.content.is_symlink() and side.mode is None:
        (path / side.name).symlink_to(side.content.readlink())
        return
    mode = side.mode if side.mode is not None else 0o666
    with _new_file(folder, side.name, mode, replaced) as fd:
        if isinstance(side.content, Path):
            _copy_file(side.content, fd)
        else:
            position = 0
            for block in _given(side.content):
                position = write_at(fd, block, position)
        os.fsync(fd)


def _given(content: bytes | Flow) -> Iterable[Block]:
    return (content,) if isinstance(content, bytes) else content.blocks()


def _copy_file(path: Path, fd: int) -> None:
    source = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        size = os.fstat(source).st_size
        span = Span(source, 0, size)
        reserve(fd, size, ((a, b) for a, b, is_held in ranges(source, 0, size) if is_held))
        copy_span(span, fd, 0, where=show(str(path)))
    finally:
        os.close(source)


def _publish(parent: int, part: str, destination: Destination) -> None:
    """Move the built folder to its place; on an error everything is where it was."""
    name = destination.path.name
    if destination.replaces is None:
        _take_free_place(parent, part, name)
        return
    kept = destination.backup or part
    if destination.backup:
        rename_new(parent, part, kept)
    try:
        _swap(parent, kept, name, destination)
    except BaseException:
        if destination.backup:
            rename_new(parent, kept, part)
        raise


def _take_free_place(parent: int, part: str, name: str) -> None:
    try:
        rename_new(parent, part, name)
    except FileExistsError:
        _rename_over_empty(parent, part, name)
    except UnsupportedError:
        _rename_over_empty(parent, part, name)
    try:
        os.fsync(parent)
    except OSError:
        os.rename(name, part, src_dir_fd=parent, dst_dir_fd=parent)
        raise


def _rename_over_empty(parent: int, part: str, name: str) -> None:
    """A folder's rename replaces nothing but an empty folder, whatever is asked."""
    try:
        os.rename(part, name, src_dir_fd=parent, dst_dir_fd=parent)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
            raise FileExistsError(error.errno, os.strerror(error.errno), name) from None
        raise


def _swap(parent: int, kept: str, name: str, destination: Destination) -> None:
    try:
        exchange(parent, kept, name)
    except UnsupportedError:
        raise ResourceError(
            "this file system can't replace a folder in one step",
            where=destination.where,
            hint="write to a new folder with -o OUT",
        ) from None
    try:
        os.fsync(parent)
    except OSError:
        exchange(parent, kept, name)
        raise


@contextlib.contextmanager
def _building(parent: int, destination: Destination) -> Iterator[str]:
    """The hidden name of a new, locked folder; whatever has that name in the end is removed."""
    part, before = part_name(destination.path.name), destination.replaces
    lock = -1
    try:
        with undisturbed():
            os.mkdir(part, 0o777 if before is None else 0o700, dir_fd=parent)
            lock = os.open(part, os.O_RDONLY | os.O_DIRECTORY, dir_fd=parent)
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield part
    finally:
        with undisturbed():
            if lock >= 0:
                os.close(lock)
            shutil.rmtree(part, dir_fd=parent, ignore_errors=True)


def _replaced(destination: Destination, image: FolderImage) -> Replaced:
    """The files that are replaced under the same name."""
    if destination.replaces is None:
        return {}
    names = [file.name for file in image.images] + [side.name for side in image.sides]
    found = {}
    for name in [*names, *([image.index.name] if image.index else [])]:
        with contextlib.suppress(OSError):
            status = (destination.path / name).lstat()
            if stat.S_ISREG(status.st_mode):
                found[name] = destination.path / name, status
    return found


@contextlib.contextmanager
def _new_file(folder: int, name: str, mode: int, replaced: Replaced) -> Iterator[int]:
    """An open new file, with what it takes over from the one that it replaces."""
    before = replaced.get(name)
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    mode = stat.S_IMODE(before[1].st_mode) if before else mode
    fd = os.open(name, flags, mode & 0o777, dir_fd=folder)
    try:
        if before:
            inherit(fd, *before)
        yield fd
    finally:
        os.close(fd)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield fd
    finally:
        os.close(fd)
