"""Write one safetensors file, whole or not at all."""

import contextlib
import errno
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from paramctl.errors import ResourceError
from paramctl.formats.copying import write_at
from paramctl.formats.destination import Destination, is_unchanged
from paramctl.formats.fill import fill, reserve
from paramctl.formats.hidden import HiddenFile
from paramctl.formats.image import Image
from paramctl.formats.kernel import undisturbed
from paramctl.formats.stale import sweep


@dataclass(frozen=True)
class Beside:
    """A small file that lies beside a checkpoint and is replaced together with it.

    Attributes:
        destination: the file, in the checkpoint's folder.
        text: its new bytes.
        is_first: whether it takes its name before the checkpoint does.
    """

    destination: Destination
    text: bytes
    is_first: bool = False


def write_file(
    destination: Destination,
    image: Image,
    unchanged: Callable[[], None],
    beside: Beside | None = None,
) -> None:
    """Write an image to a destination.

    Nothing is there, or what was there before, until the file is complete on disk, has been
    read back and opened by the safetensors library; then it takes its name in one step.

    Args:
        unchanged: raises when an input is no longer what it was; asked at the end.
        beside: takes its name in the step before or after, when both are complete on disk. If
            the second step fails, the first is undone; only a crash can come between them.

    Raises:
        ResourceError: the disk is full, can't be written or gives back other bytes; or the
            destination has changed meanwhile.
    """
    path = destination.path
    with told(destination.where), _folder(destination) as folder:
        sweep(folder, path.name)
        with contextlib.closing(HiddenFile(folder, path.name, destination.replaces)) as file:
            fill(file.fd, image)
            with _written(beside, folder) as others:
                unchanged()
                check_destination(destination, folder)
                places = [destination, *([beside.destination] if beside else [])]
                is_last = beside is not None and beside.is_first
                with undisturbed(), contextlib.ExitStack() as kept:
                    for place in places:
                        kept.enter_context(_backed_up(place, folder))
                    _publish([*others, file] if is_last else [file, *others])


@contextlib.contextmanager
def _written(beside: Beside | None, folder: int) -> Iterator[list[HiddenFile]]:
    """The hidden file for what lies beside, complete on disk."""
    if beside is None:
        yield []
        return
    place = beside.destination
    sweep(folder, place.path.name)
    with contextlib.closing(HiddenFile(folder, place.path.name, place.replaces)) as file:
        reserve(file.fd, len(beside.text))
        write_at(file.fd, beside.text, 0)
        os.fsync(file.fd)
        check_destination(place, folder)
        yield [file]


def _publish(files: Sequence[HiddenFile]) -> None:
    done: list[HiddenFile] = []
    try:
        for file in files:
            file.publish()
            done.append(file)
    except BaseException:
        for file in reversed(done):
            file.take_back()
        raise


@contextlib.contextmanager
def told(where: str) -> Iterator[None]:
    """Turn what the system says about the destination into an error of its own."""
    try:
        yield
    except FileExistsError:
        raise ResourceError("it appeared while it was being written", where=where) from None
    except OSError as error:
        text = error.strerror or str(error) or type(error).__name__
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
