"""Where an index, its shards and the names in them disagree, as data for whoever reports it."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

from paramctl.errors import MissingError
from paramctl.formats.index import Index
from paramctl.manifest import Entry
from paramctl.names import counted, show
from paramctl.sources.shards import places
from paramctl.sources.source import Source

_NUMBERED = re.compile(r"(.+)-(\d{5})-of-(\d{5})\.safetensors")


class Discrepancy(NamedTuple):
    """One thing that does not fit.

    Attributes:
        rule: what kind of thing, such as ``unlisted``.
        severity: ``error`` where readers would fail or differ, else ``warning``.
        name: the tensor concerned, or empty.
        file: the shard or index concerned, as in the folder, or empty.
        message: what was found and what was wanted.
        hint: what to do, or empty.
    """

    rule: str
    severity: Literal["error", "warning"]
    name: str
    file: str
    message: str
    hint: str = ""


Rule = Callable[[Source], Iterator[Discrepancy]]


def audit(source: Source) -> list[Discrepancy]:
    """Everything in the headers, the index and the folder that does not fit together.

    Reads no tensor. A source opened with ``lenient`` has the most to tell.
    """
    rules: list[Rule] = [_remarks, _aliases]
    if source.index is not None:
        rules += [
            _shard_files, _listed, _unlisted, _duplicates, _strays, _totals, _numbering,
            _same_files, _metadata,
        ]  # fmt: skip
    return [found for rule in rules for found in rule(source)]


def _remarks(source: Source) -> Iterator[Discrepancy]:
    for path, header in zip(source.files, source.headers, strict=True):
        for remark in header.warnings:
            yield Discrepancy(remark.rule, "warning", remark.name, path.name, str(remark))


def _aliases(source: Source) -> Iterator[Discrepancy]:
    manifest = source.manifest
    for key, value in manifest.metadata.items():
        alias, kept = manifest.get(key), manifest.get(value)
        if alias is not None and kept is not None and not alias.is_alias and key != value:
            message = f"the metadata ties it to {show(value)}, but it is stored as well"
            yield Discrepancy("stored-alias", "warning", key, "", message)
        elif alias is None and kept is None and _look_like_names(key, value):
            message = f"the metadata ties it to {show(value)}, which is not stored"
            yield Discrepancy("dangling-alias", "error", key, "", message)


def _look_like_names(key: str, value: str) -> bool:
    """Whether metadata that tie nothing were meant to: both end in the same segment."""
    left, right = key.rpartition("."), value.rpartition(".")
    return bool(left[0] and right[0]) and left[2] == right[2]


def _shard_files(source: Source) -> Iterator[Discrepancy]:
    counts = _listed_counts(source)
    for shard, error in source.unreadable.items():
        name = source.files[shard].name
        missing = isinstance(error, MissingError)
        rule = "missing-shard" if missing else "unreadable-shard"
        problem = "the file is missing" if missing else error.problem
        message = f"{problem}; the index lists {counted(counts[name], 'tensor')} in it"
        yield Discrepancy(rule, "error", "", name, message, error.hint)


def _listed(source: Source) -> Iterator[Discrepancy]:
    index = _index(source)
    held = places(index, source.headers)
    unreadable = {source.files[shard].name for shard in source.unreadable}
    for name, shard in index.weight_map.items():
        if shard in held.get(name, ()) or (shard in unreadable and name not in held):
            continue
        if name in held:
            others = ", ".join(held[name])
            message = f"the index says it is in {shard}, it is in {others}"
            yield Discrepancy("wrong-shard", "error", name, shard, message)
        elif name in source.manifest:
            kept = show(source.manifest.canonical(name).name)
            message = f"the index lists it, but only {kept}, to which it is tied, is stored"
            yield Discrepancy("listed-alias", "warning", name, shard, message)
        else:
            message = f"the index says it is in {shard}, but no shard holds it"
            yield Discrepancy("absent", "error", name, shard, message)


def _unlisted(source: Source) -> Iterator[Discrepancy]:
    index = _index(source)
    for name, shards in places(index, source.headers).items():
        if name not in index.weight_map:
            message = "it is stored here, but the index doesn't list it"
            yield Discrepancy("unlisted", "warning", name, shards[0], message)


def _duplicates(source: Source) -> Iterator[Discrepancy]:
    held: dict[str, list[Entry]] = {}
    for header in source.headers:
        for entry in header.entries:
            held.setdefault(entry.name, []).append(entry)
    for name, entries in held.items():
        if len(entries) > 1:
            alike = len({(entry.dtype, entry.shape) for entry in entries}) == 1
            files = [source.files[entry.shard].name for entry in entries]
            how = "with one dtype and shape" if alike else "with different dtypes or shapes"
            message = f"it is stored in {len(files)} shards, {how}: {', '.join(files)}"
            severity: Literal["error", "warning"] = "warning" if alike else "error"
            yield Discrepancy("duplicate", severity, name, files[0], message)


def _strays(source: Source) -> Iterator[Discrepancy]:
    known = {path.name for path in source.files}
    for name in source.place.names() or ():
        if name.endswith(".safetensors") and name not in known:
            message = "the file lies beside the shards, but the index doesn't list it"
            yield Discrepancy("stray-file", "warning", "", name, message)


def _totals(source: Source) -> Iterator[Discrepancy]:
    if source.problems or source.index_path is None:
        return
    stored = source.manifest.stored
    metadata, file = _index(source).metadata, source.index_path.name
    nbytes = sum(entry.stop - entry.start for entry in stored)
    found = metadata.get("total_size")
    if "total_size" not in metadata:
        message = f"total_size is missing, wanted {nbytes}"
        yield Discrepancy("total-size", "warning", "", file, message)
    elif type(found) is not int or found != nbytes:
        message = f"total_size is {_spelled(found)}, wanted {nbytes}"
        yield Discrepancy("total-size", "warning", "", file, message)
    count = sum(entry.numel or 0 for entry in stored)
    if "total_parameters" in metadata and metadata["total_parameters"] != count:
        message = f"total_parameters is {_spelled(metadata['total_parameters'])}, wanted {count}"
        yield Discrepancy("total-parameters", "warning", "", file, message)


def _numbering(source: Source) -> Iterator[Discrepancy]:
    numbers: dict[tuple[str, int], set[int]] = {}
    for path in source.files:
        if match := _NUMBERED.fullmatch(path.name):
            series = (match[1], int(match[3]))
            numbers.setdefault(series, set()).add(int(match[2]))
    for (stem, total), present in numbers.items():
        gap = len(set(range(1, total + 1)) - present)
        if gap:
            message = f"{gap} of the {total} shards of this series are not in the index"
            yield Discrepancy("numbering-gap", "warning", "", f"{stem}-*-of-{total:05}", message)
    if len(numbers) > 1:
        message = f"the index mixes {len(numbers)} series of numbered shards"
        yield Discrepancy("mixed-series", "warning", "", _index_name(source), message)


def _same_files(source: Source) -> Iterator[Discrepancy]:
    by_inode: dict[tuple[int, int], str] = {}
    by_spelling: dict[str, str] = {}
    for shard, path in enumerate(source.files):
        other = by_spelling.setdefault(path.name.lower(), path.name)
        if other != path.name:
            message = f"its name differs from {other} in case only"
            yield Discrepancy("case-collision", "warning", "", path.name, message)
        if shard in source.unreadable or not isinstance(path, Path):
            continue
        found = path.stat()
        other = by_inode.setdefault((found.st_dev, found.st_ino), path.name)
        if other != path.name:
            message = f"it is the same file as {other}"
            yield Discrepancy("same-file", "warning", "", path.name, message)


def _metadata(source: Source) -> Iterator[Discrepancy]:
    first: dict[str, tuple[str, str]] = {}
    for path, header in zip(source.files, source.headers, strict=True):
        for key, value in header.metadata.items():
            known, file = first.setdefault(key, (value, path.name))
            if known != value:
                message = f"the metadata key '{show(key)}' differs from that in {file}"
                yield Discrepancy("metadata", "warning", "", path.name, message)


def _listed_counts(source: Source) -> dict[str, int]:
    counts = dict.fromkeys((path.name for path in source.files), 0)
    for shard in _index(source).weight_map.values():
        counts[shard] += 1
    return counts


def _spelled(value: Any) -> str:
    return f"'{show(value)}'" if isinstance(value, str) else str(value)[:40]


def _index(source: Source) -> Index:
    assert source.index is not None, "the rules about an index run only where there is one"
    return source.index


def _index_name(source: Source) -> str:
    return source.index_path.name if source.index_path else ""
