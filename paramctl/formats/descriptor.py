"""A file that is open on this machine, read by position."""

import os
from dataclasses import dataclass

from paramctl.errors import CheckpointError

_MOST_AT_ONCE = 1 << 30  # the kernel moves at most 2 GiB a call


@dataclass(frozen=True)
class Descriptor:
    """The ranges of an open regular file; whoever opened it closes it.

    Attributes:
        fd: its descriptor.
        where: what it is called in messages.
    """

    fd: int
    where: str

    @property
    def size(self) -> int:
        """Bytes of the whole file, as it is now."""
        return os.fstat(self.fd).st_size

    def read(self, start: int, stop: int) -> bytes:
        """The bytes ``[start, stop)``, or as many of them as there are."""
        pieces = []
        while start < stop and (piece := os.pread(self.fd, stop - start, start)):
            pieces.append(piece)
            start += len(piece)
        return b"".join(pieces)

    def read_into(self, view: memoryview, position: int) -> None:
        """Fill the view with the bytes from ``position`` on.

        Raises:
            CheckpointError: the file has become shorter, or can't be read.
        """
        done = 0
        while done < len(view):
            try:
                count = os.preadv(self.fd, [view[done : done + _MOST_AT_ONCE]], position + done)
            except OSError as error:
                problem = (error.strerror or str(error)).lower()
                raise CheckpointError(
                    f"can't be read at byte {position + done}: {problem}", where=self.where
                ) from error
            if count == 0:
                raise CheckpointError(
                    f"the file ended at byte {position + done}, {len(view) - done} bytes early: "
                    "it was cut while it was read",
                    where=self.where,
                )
            done += count
