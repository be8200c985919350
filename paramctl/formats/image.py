"""A safetensors file before it is written: its header is known before its first number."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from paramctl.formats.content import Content
from paramctl.formats.header import encode_header
from paramctl.manifest import Entry


class Piece(NamedTuple):
    """A tensor to be written, and where in the file."""

    entry: Entry
    content: Content
    start: int
    stop: int


@dataclass(frozen=True)
class Image:
    """One file to be written.

    Attributes:
        name: the file's name.
        entries: its tensors in the order of their bytes.
        contents: the bytes of each.
        metadata: the strings of the header, ties among them.
        verbatim: length and header as they stand in the file that this one continues, when
            they say the same; empty to have them written anew.
    """

    name: str
    entries: tuple[Entry, ...]
    contents: tuple[Content, ...]
    metadata: Mapping[str, str] = field(default_factory=dict)
    verbatim: bytes = b""

    @cached_property
    def header(self) -> bytes:
        """Length and header, as the file begins.

        Raises:
            CheckpointError: a name that the format can't hold, or too long a header.
        """
        return self.verbatim or encode_header(self.entries, dict(self.metadata))

    @cached_property
    def nbytes(self) -> int:
        """Bytes of the whole file."""
        return len(self.header) + sum(content.nbytes for content in self.contents)

    def pieces(self) -> Iterator[Piece]:
        """The tensors with their places."""
        start = len(self.header)
        for entry, content in zip(self.entries, self.contents, strict=True):
            yield Piece(entry, content, start, start + content.nbytes)
            start += content.nbytes
