"""What one kind of address must be able to do; everything else is the same for all of them."""

from typing import NamedTuple, Protocol

from paramctl.sources.address import Address


class Version(NamedTuple):
    """Which content a name had when it was first seen.

    Attributes:
        size: bytes of the whole file.
        tag: what its keeper calls this content; empty where it gives it no name.
        kind: what that name is, for messages: ``ETag``, ``Last-Modified``.
    """

    size: int
    tag: str = ""
    kind: str = ""


class PassingError(Exception):
    """What went wrong may not go wrong again.

    Attributes:
        problem: what is said when it does.
        wait: seconds that the other side asks for, or nothing.
        done: bytes that came all the same, in order.
    """

    def __init__(self, problem: str, *, wait: float | None = None, done: int = 0) -> None:
        super().__init__(problem)
        self.problem = problem
        self.wait = wait
        self.done = done


class Store(Protocol):
    """Where files are kept; every method may be called from several threads at once.

    Methods raise PassingError for what may pass and CheckpointError for what doesn't.
    """

    def at(self, name: str) -> Address:
        """What a file is called."""
        ...

    def first(self, name: str, count: int) -> tuple[bytes, Version]:
        """The first bytes of a file, ``count`` or all there are, and which content this is.

        Raises:
            MissingError: there is no such file.
        """
        ...

    def fill(self, name: str, view: memoryview, position: int, version: Version) -> None:
        """Fill the view with the bytes from ``position`` on, if the content is still that.

        Raises:
            CheckpointError: it is another one, among other things.
        """
        ...

    def names(self) -> list[str] | None:
        """All files, as paths below the folder; ``None`` where nobody can tell."""
        ...

    def close(self) -> None:
        """Let go of what is open; whoever is waiting gets an error."""
        ...
