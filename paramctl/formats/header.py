"""The header of a safetensors file, read strictly: each rule it can break has its own error.

    file = length header data       length: 8 bytes, little-endian
    header = { "__metadata__"?: {text: text}, name: {"dtype", "shape", "data_offsets"} … }

Source: safetensors, README, "Format"; the reference reader's ``validate``.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from paramctl.columns import Columns
from paramctl.errors import CheckpointError
from paramctl.formats.canonical import METADATA, spelled_entries
from paramctl.formats.entries import FIELDS, check_entry, entry_of
from paramctl.formats.layout import check_end, check_layout
from paramctl.formats.strict_json import kind_of, parse_object, without_collector
from paramctl.manifest import Entry
from paramctl.names import show

PREFIX = 8
LONGEST = 100_000_000


class Remark(str):
    """A departure from the format that readers forgive; as text, the sentence itself.

    Attributes:
        rule: what kind of departure: ``unknown-field``, ``null-metadata``, ``padding``.
        name: the tensor concerned, or empty.
    """

    __slots__ = ("name", "rule")

    def __new__(cls, text: str, *, rule: str, name: str = "") -> "Remark":
        remark = super().__new__(cls, text)
        remark.rule = rule
        remark.name = name
        return remark

    rule: str
    name: str


@dataclass(frozen=True)
class Header:
    """What a header says.

    Attributes:
        tensors: in the order of the header.
        metadata: the text pairs under ``__metadata__``.
        warnings: what was forgiven.
        data_start: where the data begin, in bytes from the start of the file.
        file_size: bytes of the whole file.
    """

    tensors: Columns
    metadata: dict[str, str]
    warnings: tuple[Remark, ...]
    data_start: int
    file_size: int

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The tensors, with absolute positions in the file."""
        return self.tensors.entries


class Readable(Protocol):
    """What reading a header needs of a file."""

    @property
    def where(self) -> str:
        """What it is called in messages."""
        ...

    @property
    def size(self) -> int:
        """Bytes of the whole file."""
        ...

    def read(self, start: int, stop: int) -> bytes:
        """The bytes ``[start, stop)``, or as many of them as there are."""
        ...


def read_header(file: Readable, *, shard: int = 0) -> Header:
    """The header of an open file; never reads or allocates beyond it.

    Raises:
        CheckpointError: the file is no safetensors file, and then what it is, or breaks a rule.
    """
    size, where = file.size, file.where
    try:
        length = header_length(file.read(0, PREFIX), file_size=size, where=where)
    except CheckpointError as error:
        from paramctl.formats.identify import identify

        raise identify(file) or error from None
    data = file.read(0, PREFIX + length)
    if len(data) < PREFIX + length:
        raise CheckpointError(
            f"the file ended at byte {len(data)} while its header was read", where=where
        )
    return parse_header(data, file_size=size, where=where, shard=shard)


def header_length(prefix: bytes, *, file_size: int, where: str) -> int:
    """Bytes of the header, from the file's first 8 bytes.

    Raises:
        CheckpointError: the file or the length can't be right.
    """
    if file_size < PREFIX or len(prefix) < PREFIX:
        raise CheckpointError(
            f"the size is {file_size}, wanted at least 8: a safetensors file begins with 8 bytes "
            "for the length of its header",
            where=where,
        )
    length = int.from_bytes(prefix[:PREFIX], "little")
    if length > LONGEST:
        raise CheckpointError(
            f"its first 8 bytes announce a header of {length} bytes, more than the {LONGEST} "
            "that the format allows",
            where=where,
            hint="it may be no safetensors file",
        )
    if length > file_size - PREFIX:
        raise CheckpointError(
            f"the header should be {length} bytes long, the file has {file_size - PREFIX} after "
            "its first 8",
            where=where,
            hint="the file may be cut short: compare its size with the original's",
        )
    return length


def parse_header(data: bytes, *, file_size: int, where: str, shard: int = 0) -> Header:
    """What a header says.

    Args:
        data: the beginning of the file: the 8-byte length and the header; may go on.
        file_size: bytes of the whole file.
        where: the file, for messages.
        shard: the index that the entries get.

    Raises:
        CheckpointError: the first broken rule, with the file and the tensor.
    """
    length = header_length(data[:PREFIX], file_size=file_size, where=where)
    text = data[PREFIX : PREFIX + length]
    if not text.strip(b"\0"):
        raise CheckpointError(
            f"the header is {length} zero bytes, wanted JSON" if length else "the header is empty",
            where=where,
            hint="the file was never written completely: copy or download it again",
        )
    start = PREFIX + length
    with without_collector():
        if usual := spelled_entries(text, start, shard):
            check_end(usual.stop, file_size=file_size, where=where)
            return Header(usual.entries, usual.metadata, (), start, file_size)
        entries, metadata, warnings = _read(text, start, shard, where)
        check_layout(entries, data_start=start, file_size=file_size, where=where)
    return Header(Columns.of(entries), metadata, tuple(warnings), start, file_size)


def _read(
    text: bytes, start: int, shard: int, where: str
) -> tuple[list[Entry], dict[str, str], list[Remark]]:
    """Entries, metadata and remarks of a header in any spelling.

    Raises:
        CheckpointError: the first broken rule.
    """
    tree = parse_object(text, where=where, what="header")
    metadata, warnings = _metadata(tree, where)
    if not text.startswith(b"{"):
        warnings.append(Remark("white space before the header's first '{'", rule="padding"))
    entries, remarks = _checked(tree, start, shard, where)
    return entries, metadata, warnings + remarks


def _checked(
    tree: dict[str, Any], start: int, shard: int, where: str
) -> tuple[list[Entry], list[Remark]]:
    """The entries of a header one by one, with what is remarkable about them.

    Raises:
        CheckpointError: the first broken rule.
    """
    entries, remarks = [], []
    for name, fields in tree.items():
        entry = entry_of(name, fields, start, shard)
        if entry is None:
            sentences = check_entry(name, fields, where)
            remarks += [Remark(line, rule="unknown-field", name=name) for line in sentences]
            known = {field: fields[field] for field in FIELDS}
            entry = entry_of(name, known, start, shard)
            assert entry is not None, "the two checks of an entry disagree"
        entries.append(entry)
    return entries, remarks


def _metadata(tree: dict[str, Any], where: str) -> tuple[dict[str, str], list[Remark]]:
    """Take the metadata out of the header; null is forgiven."""
    found = tree.pop(METADATA, {})
    if found is None:
        return {}, [Remark(f"{METADATA} is null, read as absent", rule="null-metadata")]
    if not isinstance(found, dict):
        raise CheckpointError(
            f"{METADATA} is {kind_of(found)}, wanted an object of strings", where=where
        )
    for key, value in found.items():
        if not isinstance(value, str):
            raise CheckpointError(
                f"'{show(key)}' is {kind_of(value)}, wanted a string",
                where=f"{where}: {METADATA}",
            )
    return found, []


def encode_header(entries: Iterable[Entry], metadata: dict[str, str]) -> bytes:
    """The 8-byte length and the JSON, padded to a multiple of 8, of tensors laid out in order.

    Positions are counted from the sizes; what ``entries`` say about them is ignored.

    Raises:
        CheckpointError: a name that the format can't hold, a name twice, or too long a header.
    """
    tree: dict[str, Any] = {METADATA: metadata} if metadata else {}
    position = 0
    for entry in entries:
        if entry.name in tree or entry.name == METADATA:
            raise CheckpointError(f"a tensor can't be named '{show(entry.name)}' here")
        size = entry.nbytes or 0
        tree[entry.name] = {
            "dtype": entry.dtype,
            "shape": entry.shape,
            "data_offsets": (position, position + size),
        }
        position += size
    try:
        text = json.dumps(tree, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        near = error.object[max(0, error.start - 20) : error.end + 20]
        raise CheckpointError(f"no valid Unicode text: …{show(near)}…") from None
    text += b" " * (-len(text) % PREFIX)
    if len(text) > LONGEST:
        raise CheckpointError(f"the header would be {len(text)} bytes, more than {LONGEST}")
    return len(text).to_bytes(PREFIX, "little") + text
