"""Many shards, one list of tensors: the index decides which tensor is where."""

from collections.abc import Mapping, Sequence

from paramctl.columns import Columns
from paramctl.errors import CheckpointError
from paramctl.formats.header import Header
from paramctl.formats.index import Index
from paramctl.names import counted, show


def listed_entries(index: Index, headers: Sequence[Header]) -> Columns:
    """The entries that lie where the index says, in the order of shards and headers."""
    listed: list[Columns] = []
    for shard, header in zip(index.shards, headers, strict=True):
        names, wanted = header.tensors.names, index.held[shard]
        if names == wanted:
            names[:] = wanted  # the same texts: those of the header needn't be kept
            listed.append(header.tensors)
        else:
            known = set(wanted)
            places = [place for place, name in enumerate(names) if name in known]
            is_all = len(places) == len(names)
            listed.append(header.tensors if is_all else header.tensors.picked(places))
    return Columns.joined(listed)


def is_complete(index: Index, headers: Sequence[Header], listed: Columns) -> bool:
    """Whether the index lists each tensor of the shards and no other: as many are in its place."""
    held = sum(len(header.tensors) for header in headers)
    return len(listed) == held == len(index.names)


def merged_metadata(headers: Sequence[Header]) -> dict[str, str]:
    """The metadata of all shards; where two disagree, the first one's."""
    merged: dict[str, str] = {}
    for header in headers:
        for key, value in header.metadata.items():
            merged.setdefault(key, value)
    return merged


def places(index: Index, headers: Sequence[Header]) -> dict[str, list[str]]:
    """For each tensor that any shard holds, the shards that hold it."""
    found: dict[str, list[str]] = {}
    for shard, header in zip(index.shards, headers, strict=True):
        for name in header.tensors.names:
            found.setdefault(name, []).append(shard)
    return found


def unlisted_names(index: Index, headers: Sequence[Header]) -> list[str]:
    """The names that shards hold and the index doesn't list at all."""
    listed = index.weight_map
    found = (name for header in headers for name in header.tensors.names)
    return list(dict.fromkeys(name for name in found if name not in listed))


def absent_error(
    names: Sequence[str], index: Index, held: Mapping[str, Sequence[str]], where: str
) -> CheckpointError:
    """The error about names that the index lists and that aren't where it says."""
    name, hint = names[0], "run `paramctl check` for the whole list"
    problem = f"the index says {show(index.weight_map[name])} holds this tensor, it does not"
    if name in held:
        problem += f"; {', '.join(show(shard) for shard in held[name])} does"
    if len(names) > 1:
        problem += f" ({len(names) - 1} more like it)"
    return CheckpointError(problem, where=f"{where}: {show(name)}", hint=hint)


def missing_error(names: Sequence[str], index: Index, where: str) -> CheckpointError:
    """The error about shards that the index names and the folder doesn't hold."""
    gone = set(names)
    count = sum(shard in gone for shard in index.weight_map.values())
    shown = ", ".join(show(name) for name in names[:4])
    rest = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return CheckpointError(
        f"{len(names)} of {counted(len(index.shards), 'shard')} missing, with "
        f"{counted(count, 'tensor')}: "
        f"{shown}{rest}",
        where=where,
        hint="download or copy them again",
    )
