"""Opening files of a model: regular files only, and none outside the model's folder.

A name from an index may be a symbolic link out of the folder, a pipe that never answers, or
a device. Links are followed only where they stay inside: the folder itself, or the ``blobs``
of a Hugging Face cache.
"""

import errno
import os
import stat
from pathlib import Path

from paramctl.errors import CheckpointError, MissingError, ResourceError
from paramctl.names import near, show

_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_SHARED_STORE = ".huggingface-shared-blobs"  # marks a store of blobs that several caches share


def open_given(path: Path) -> int:
    """A descriptor of a file that the user named; it may be a symbolic link.

    Raises:
        CheckpointError: missing, unreadable, or no regular file.
    """
    return _regular(_opened(path, 0), show(str(path)))


def open_inside(folder: Path, name: str) -> int:
    """A descriptor of the file ``name`` in a model's folder.

    Raises:
        CheckpointError: missing, unreadable, no regular file, or a link that leads out.
    """
    path, where = folder / name, show(str(folder / name))
    try:
        return _regular(_opened(path, os.O_NOFOLLOW), where)
    except _IsLink:
        target = _resolved(path, where)
    if not _is_inside(target, folder):
        raise CheckpointError(
            f"this symbolic link leads out of the model's folder, to {show(str(target))}",
            where=where,
        )
    try:
        fd = _regular(_opened(target, os.O_NOFOLLOW), where)
    except _IsLink:
        raise _changed(where) from None
    if not _is_inside(_path_of(fd, target), folder):  # a folder was swapped in between
        os.close(fd)
        raise _changed(where)
    return fd


def is_regular(path: Path) -> bool:
    """Whether a directory entry is a regular file, or a link to one."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False


_FAMILIES = Path(__file__).parents[1] / "spec" / "families"


class _IsLink(Exception):  # noqa: N818 - not an error, a fork in the road
    """The last part of the path is a symbolic link."""


def _changed(where: str) -> CheckpointError:
    return CheckpointError("this symbolic link changed while it was followed", where=where)


def _nearest(path: Path) -> str:
    """A hint with what has a similar name: a file beside a path that is not there, or a family."""
    try:
        similar = near(path.name, sorted(other.name for other in path.parent.iterdir()))
    except (OSError, ValueError):
        return ""
    if similar:
        return f"did you mean {show(str(path.parent / similar[0]))}?"
    if len(path.parts) == 1 and path.suffix == "":
        families = sorted(family.stem for family in _FAMILIES.glob("*.yaml"))
        # A slip of the hand keeps the first letter and the length; `nope` does not mean opt.
        similar = [one for one in near(path.name, families, 1) if one[0] == path.name[0]]
    return f"did you mean the family {similar[0]}?" if similar else ""


def _opened(path: Path, flags: int) -> int:
    where = show(str(path))
    try:
        return os.open(path, _FLAGS | flags)
    except FileNotFoundError:
        hint = "" if flags & os.O_NOFOLLOW else _nearest(path)  # a shard has no stand-in
        raise MissingError("no such file", where=where, hint=hint) from None
    except ValueError:
        raise CheckpointError("a file name can't hold a NUL character", where=where) from None
    except OSError as error:
        if error.errno == errno.ELOOP and flags & os.O_NOFOLLOW and path.is_symlink():
            raise _IsLink from None
        if error.errno in (errno.EMFILE, errno.ENFILE):
            raise ResourceError("too many open files", where=where) from error
        if error.errno in (errno.ENXIO, errno.EISDIR):
            raise CheckpointError("not a regular file", where=where) from None
        problem = (error.strerror or str(error)).lower()
        raise CheckpointError(f"can't be opened: {problem}", where=where) from None


def _regular(fd: int, where: str) -> int:
    mode = os.fstat(fd).st_mode
    if stat.S_ISREG(mode):
        return fd
    os.close(fd)
    raise CheckpointError(f"this is {_kind(mode)}, wanted a regular file", where=where)


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a directory"
    if stat.S_ISFIFO(mode):
        return "a named pipe"
    if stat.S_ISSOCK(mode):
        return "a socket"
    return "a device"


def _resolved(path: Path, where: str) -> Path:
    try:
        return path.resolve(strict=True)
    except FileNotFoundError:
        raise CheckpointError("this symbolic link leads to no file", where=where) from None
    except (OSError, RuntimeError):
        raise CheckpointError("this symbolic link leads nowhere", where=where) from None


def _is_inside(target: Path, folder: Path) -> bool:
    home = folder.resolve()
    if target.is_relative_to(home):
        return True
    blobs = _blobs(home)
    if blobs is not None and target.is_relative_to(blobs):
        return True
    return any((parent / _SHARED_STORE).is_file() for parent in list(target.parents)[:4])


def _blobs(home: Path) -> Path | None:
    """The blobs of the cache ``…/models--ORG--NAME/snapshots/REVISION``; ``None`` elsewhere."""
    for folder in (home, *home.parents):
        if folder.parent.name == "snapshots" and "--" in folder.parent.parent.name:
            return folder.parent.parent / "blobs"
    return None


def _path_of(fd: int, otherwise: Path) -> Path:
    """The path the kernel knows for a descriptor, where it tells."""
    try:
        return Path(f"/proc/self/fd/{fd}").readlink()
    except OSError:
        return otherwise
