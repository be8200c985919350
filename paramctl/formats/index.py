"""The index of a sharded checkpoint: which file holds which tensor, and nothing outside the folder.

    {"metadata": {"total_size": bytes}, "weight_map": {tensor: shard file}}

Source: huggingface_hub, ``split_state_dict_into_shards``.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

from paramctl.errors import CheckpointError
from paramctl.formats.strict_json import check_ignored, kind_of, parse_object, without_collector
from paramctl.names import is_printable, natural_order, show

LARGEST = 64 << 20  # bytes; an index names tensors, a bigger one is no index
_OPENING = re.compile(rb'"weight_map"[ \t\n\r]*:[ \t\n\r]*\{')
_AT_ONCE = 1 << 16  # bytes
_WHITE = " \t\n\r"
_SHARD = re.compile(r"[A-Za-z0-9._-]{1,255}")
_Read = tuple[dict[str, Any], list[str], list[str]]


@dataclass(frozen=True)
class Index:
    """What an index says.

    Attributes:
        names: of the tensors, in the order of the index.
        files: for each of them the name of its file; tensors of a file share the object.
        metadata: its ``metadata`` as it stands; ``total_size`` may be of any type.
        others: names of further fields at the top, which are ignored.
    """

    names: list[str]
    files: list[str]
    metadata: dict[str, Any]
    others: tuple[str, ...] = ()

    @cached_property
    def weight_map(self) -> dict[str, str]:
        """Tensor name to the name of its file, in the order of the index."""
        return dict(zip(self.names, self.files, strict=True))

    @cached_property
    def held(self) -> dict[str, list[str]]:
        """Which tensors each file is to hold, in the order of the index."""
        held: dict[str, list[str]] = {}
        place = 0
        for file, run in groupby(self.files):
            begin, place = place, place + sum(1 for _ in run)
            held.setdefault(file, []).extend(self.names[begin:place])
        return held

    @cached_property
    def shards(self) -> list[str]:
        """The file names, each once, in natural order."""
        return natural_order(self.held)


def parse_index(data: bytes, where: str) -> Index:
    """What an index says.

    Raises:
        CheckpointError: not such JSON, or a shard that isn't a plain file name.
    """
    if len(data) > LARGEST:
        raise too_large(len(data), where)
    with without_collector():
        tree, names, files = _by_columns(data) or _by_objects(data, where)
        for shard in dict.fromkeys(files):
            _check_shard(shard, names, files, where)
    metadata = tree.get("metadata")
    if metadata is not None and not isinstance(metadata, dict):
        raise CheckpointError(f"metadata is {kind_of(metadata)}, wanted an object", where=where)
    others = tuple(key for key in tree if key not in ("metadata", "weight_map"))
    for key in ("metadata", *others):
        check_ignored(tree.get(key), where=where, what=f"field '{show(key)}'")
    return Index(names, files, metadata or {}, others)


def _by_objects(data: bytes, where: str) -> _Read:
    """The index as any JSON.

    Raises:
        CheckpointError: not JSON, or without a map of file names.
    """
    tree = parse_object(data, where=where, what="index")
    weight_map = _weight_map(tree, where)
    return tree, list(weight_map), list(weight_map.values())


def _by_columns(data: bytes) -> _Read | None:
    """The index with its map cut at its quotes; ``None`` where anything is out of the ordinary.

    Without a backslash, what stands between two quotes is a name, a colon, a file or a comma.
    """
    opening = _OPENING.search(data)
    if opening is None or b"\\" in data:
        return None
    end = data.find(b"}", opening.end())
    rest = data[: opening.start()] + b'"weight_map":{}' + data[end + 1 :]
    if rest.count(b'"weight_map"') != 1:
        return None
    try:
        columns = _columns(data, opening.end(), end)
        tree = parse_object(rest, where="", what="index")
    except (UnicodeDecodeError, CheckpointError):
        return None  # whose place in the whole text is another
    if columns is None or tree.get("weight_map") != {}:
        return None
    return tree, *columns


def _columns(data: bytes, begin: int, end: int) -> tuple[list[str], list[str]] | None:
    """The names and files between two places, some thousand at a time.

    Raises:
        UnicodeDecodeError: they are no text.
    """
    names: list[str] = []
    files: list[str] = []
    own: dict[str, str] = {}  # one text for all tensors of a file
    boundary = 0
    while boundary >= 0:
        boundary = data.find(b'",', begin + _AT_ONCE, end)
        parts = data[begin : boundary + 2 if boundary >= 0 else end].decode("utf-8").split('"')
        some, theirs = parts[1::4], parts[3::4]
        if len(parts) != 4 * len(some) + 1 or not some or not is_printable(" ".join(some)):
            return None
        commas = {part.strip(_WHITE) for part in set(parts[4:-1:4])} - {","}
        colons = {part.strip(_WHITE) for part in set(parts[2::4])} - {":"}
        ends = (parts[0] + parts[-1]).strip(_WHITE) == ("," if boundary >= 0 else "")
        if commas or colons or not ends or parts[0].strip(_WHITE):
            return None
        own |= {file: file for file in set(theirs) - own.keys()}
        names += some
        files += map(own.__getitem__, theirs)
        begin = boundary + 2
    is_plain = len(set(names)) == len(names) and is_printable(" ".join(own))
    return (names, files) if is_plain else None


def too_large(size: int, where: str) -> CheckpointError:
    """The refusal to read an index beyond the limit."""
    return CheckpointError(
        f"an index of {size} bytes is refused, the limit is {LARGEST}", where=where
    )


def _weight_map(tree: dict[str, Any], where: str) -> dict[str, str]:
    if "weight_map" not in tree:
        raise CheckpointError("weight_map missing from the index", where=where)
    weight_map = tree["weight_map"]
    if not isinstance(weight_map, dict):
        raise CheckpointError(
            f"weight_map is {kind_of(weight_map)}, wanted an object of file names", where=where
        )
    if not weight_map:
        raise CheckpointError("weight_map is empty, wanted a file name per tensor", where=where)
    for name, shard in weight_map.items() if set(map(type, weight_map.values())) - {str} else ():
        if not isinstance(shard, str):
            raise CheckpointError(
                f"the shard is {kind_of(shard)}, wanted a file name",
                where=f"{where}: {show(name)}",
            )
    return weight_map


def _check_shard(shard: str, names: list[str], files: list[str], where: str) -> None:
    problem, hint = _wrong_with(shard), ""
    if not problem and not shard.endswith(".safetensors"):
        problem, hint = "is no .safetensors file", "give the index of the safetensors files"
    if problem:
        name = names[files.index(shard)]
        raise CheckpointError(
            f"the shard '{show(shard)}' {problem}", where=f"{where}: {show(name)}", hint=hint
        )


def _wrong_with(shard: str) -> str:
    if not shard:
        return "has no name"
    if shard.startswith(("/", "\\")) or shard[1:3] in (":\\", ":/"):
        return "is an absolute path, wanted the name of a file beside the index"
    if "/" in shard or "\\" in shard or shard in (".", ".."):
        return "is a path, wanted the name of a file beside the index"
    if len(shard) > 255:
        return f"has a name of {len(shard)} characters, more than a file can have"
    if not _SHARD.fullmatch(shard):
        return "has characters other than letters, digits, '.', '_' and '-'"
    return ""
