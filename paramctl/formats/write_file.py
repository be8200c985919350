"""Write one safetensors file, whole or not at all."""

import contextlib
import errno
import os
from collections.abc import Callable, Iterator

from paramctl.errors import ResourceError
from paramctl.formats.destination import Destination, is_unchanged
from paramctl.formats.fill import fill
from paramctl.formats.hidden import HiddenFile
from paramctl.formats.image import Image
from paramctl.formats.kernel import undisturbed
from paramctl.formats.stale import sweep


def write_file(destination: Destination, image: Image, unchanged: Callable[[], None]) -> None:
    """Write an image to a destination.

    Nothing is there, or what was there before, until the file is complete on disk, has been
    read back and opened by the safetensors library; then it takes its name in one step.

    Args:
        unchanged: raises when an input is no longer what it was; asked at the end.

    Raises:
        ResourceError: the disk is full, can't be written or gives back other bytes; or the
            destination has changed meanwhile.
    """
    path = destination.path
    with told(destination.where), _folder(destination) as folder:
        sweep(folder, path.name)
        with contextlib.closing(HiddenFile(folder, path.name, destination.replaces)) as file:
            fill(file.fd, image)
            unchanged()
            check_destination(destination, folder)
            with undisturbed(), _backed_up(destination, folder):
                file.publish()


@contextlib.contextmanager
def told(where: str) -> Iterator[None]:
    """Turn what the system says about the destination into an error of its own."""
    try:
        yield
    except FileExistsError:
        raise ResourceError("it appeared while it was being written", where=where) from None
    except OSError as error:
        text = error.strerror or str(error)
        hint = "free some room, or write to another disk" if error.errno in _FULL else ""
        raise ResourceError(text[0].lower() + text[1:], where=where, hint=hint) from error


_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def check_destination(destination: Destination, folder: int) -> None:
    """Make sure that the destination is what it was when it was chosen.

    Raises:
        ResourceError: something else is there.
    """
    before = destination.replaces
    if before is None:
        return  # a name that is taken by now is never replaced
    try:
        now = os.stat(destination.path.name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        now = None
    if now is None or not is_unchanged(before, now):
        raise ResourceError(
            "it changed while its replacement was being written", where=destination.where
        )


@contextlib.contextmanager
def _folder(destination: Destination) -> Iterator[int]:
    fd = os.open(destination.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield fd
    finally:
        os.close(fd)


@contextlib.contextmanager
def _backed_up(destination: Destination, folder: int) -> Iterator[None]:
    """Give the old file a second name first; take it back if the new one can't be published."""
    if not destination.backup:
        yield
        return
    os.link(
        destination.path.name,
        destination.backup,
        src_dir_fd=folder,
        dst_dir_fd=folder,
        follow_symlinks=False,
    )
    try:
        yield
    except BaseException:
        os.unlink(destination.backup, dir_fd=folder)
        raise
