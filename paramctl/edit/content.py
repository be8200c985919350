"""Where the bytes of an edited tensor come from: a checkpoint, a computation, a part of another."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from paramctl.dtypes import DTYPES
from paramctl.formats.content import BLOCK, Block, Content, Flow, Span
from paramctl.sources.source import Source

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Stored:
    """The bytes of a tensor as a checkpoint holds them."""

    source: Source
    name: str

    @property
    def nbytes(self) -> int:
        """Bytes of the stored tensor."""
        entry = self.source.manifest.canonical(self.name)
        return entry.stop - entry.start

    def span(self) -> Span | Flow:
        """Where the checkpoint keeps them."""
        return self.source.span(self.name)

    def blocks(self) -> Iterator[Block]:
        """The stored bytes, through one reused buffer."""
        return self.source.blocks(self.name)

    def between(self, start: int, stop: int) -> Iterator[Block]:
        """The stored bytes ``[start, stop)``, through one reused buffer."""
        buffer = memoryview(bytearray(min(BLOCK, stop - start)))
        while start < stop:
            block = buffer[: stop - start]
            self.source.read_into(self.name, block, start)
            yield block
            start += len(block)


@dataclass(frozen=True)
class Made:
    """Bytes that are computed when they are written.

    Attributes:
        nbytes: how many bytes ``make`` gives in all.
        make: starts the computation anew at every call; gives consecutive blocks.
        part: the same from one byte to another; ``None`` where all of it hangs together.
    """

    nbytes: int
    make: Callable[[], Iterator[Block]]
    part: Callable[[int, int], Iterator[Block]] | None = None

    def span(self) -> None:
        """Computed bytes lie nowhere."""
        return

    def blocks(self) -> Iterator[Block]:
        """The bytes as they are computed."""
        return self.make()

    def between(self, start: int, stop: int) -> Iterator[Block] | None:
        """The bytes ``[start, stop)`` as they are computed, if they can be by themselves."""
        return None if self.part is None else self.part(start, stop)


def rechunk(blocks: Iterator[Block], nbytes: int) -> Iterator[bytearray]:
    """The same bytes in blocks of exactly ``nbytes`` (the last may be shorter), each its own."""
    held = bytearray()
    for block in blocks:
        held += block
        while len(held) >= nbytes:
            yield held[:nbytes]
            del held[:nbytes]
    if held:
        yield held


def arrays(content: Content, dtype: str, nbytes: int = BLOCK) -> Iterator["np.ndarray"]:
    """The content as flat arrays of the format's ``dtype``, of about ``nbytes`` each.

    Raises:
        UsageError: the dtype has no array type (F4, F6).
    """
    import numpy as np

    element = DTYPES[dtype].numpy()
    step = max(1, nbytes // element.itemsize) * element.itemsize
    for block in rechunk(content.blocks(), step):
        yield np.frombuffer(block, dtype=element)


def array(content: Content, dtype: str, shape: tuple[int | None, ...]) -> "np.ndarray":
    """The whole content as one array with memory of its own."""
    import numpy as np

    data = bytearray().join(content.blocks())
    return np.frombuffer(data, dtype=DTYPES[dtype].numpy()).reshape([size or 0 for size in shape])


def encode(values: "np.ndarray", dtype: str) -> memoryview:
    """The bytes of an array as the format stores them: C order, little-endian, of ``dtype``.

    Strided, Fortran-order, broadcast and rank-0 arrays give their logical values. A value
    that ``dtype`` can't hold becomes what NumPy and ml_dtypes make of it.
    """
    import numpy as np

    with np.errstate(all="ignore"):
        plain = np.array(values, dtype=DTYPES[dtype].numpy(), order="C", copy=None)
    return plain.reshape(-1).view(np.uint8).data


def read(content: Content, start: int, stop: int) -> bytes:
    """Bytes ``[start, stop)`` of a content; a computed one is computed up to there."""
    found, position = bytearray(), 0
    for block in content.blocks():
        low, high = max(start - position, 0), min(stop - position, len(block))
        if low < high:
            found += block[low:high]
        position += len(block)
        if position >= stop:
            break
    return bytes(found)
