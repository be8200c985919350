"""Tensors that changed their name, found by their bytes, or where these changed by likeness."""

from collections.abc import Callable, Mapping, Sequence

from paramctl.diff.matching import Match, Matching
from paramctl.figures.digest import digests_of
from paramctl.figures.pieces import Readable
from paramctl.manifest import Entry
from paramctl.names import natural_key

Kind = tuple[str, tuple[int | None, ...]]


def find_renames(
    a: Readable, removed: Sequence[Entry], b: Readable, added: Sequence[Entry]
) -> dict[str, str]:
    """Old name to new name of the tensors whose bytes are the same under another name.

    Only tensors of a dtype and shape that occur among both the removed and the added ones are
    read. Where several have the same bytes, those go together whose names end alike.
    """
    gone = [entry for entry in removed if not entry.is_alias]
    new = [entry for entry in added if not entry.is_alias]
    possible = {_kind(entry) for entry in gone} & {_kind(entry) for entry in new}
    left = _by_digest(a, [entry for entry in gone if _kind(entry) in possible])
    right = _by_digest(b, [entry for entry in new if _kind(entry) in possible])
    found: dict[str, str] = {}
    for digest, names in left.items():
        found.update(_paired(names, right.get(digest, [])))
    return found


def matched_anew(
    a: Readable, b: Readable, paired: Matching, renamed: Mapping[str, str]
) -> Matching:
    """The matching with removed and added tensors that are alike, or stand by such, together.

    Args:
        paired: without the tensors that only changed their name.
        renamed: those.
    """
    if not paired.removed or not paired.added:
        return paired
    from paramctl.diff.likeness import find_alike, find_company

    found = find_alike(a, paired.removed, b, paired.added)
    found |= find_company({**renamed, **found}, paired.removed, paired.added)
    after = {entry.name: entry for entry in paired.added}
    taken = set(found.values())
    return Matching(
        [
            *paired.matches,
            *(
                Match(entry, after[found[entry.name]], (entry.name,), (), found[entry.name])
                for entry in paired.removed
                if entry.name in found
            ),
        ],
        [entry for entry in paired.removed if entry.name not in found],
        [entry for entry in paired.added if entry.name not in taken],
    )


def _kind(entry: Entry) -> Kind:
    return entry.dtype, entry.shape


def _by_digest(source: Readable, entries: list[Entry]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for entry, digest in zip(entries, digests_of(source, entries), strict=True):
        groups.setdefault(digest, []).append(entry.name)
    return groups


def _paired(names: list[str], others: list[str]) -> dict[str, str]:
    """Names matched one to one: equal endings first, then in natural order."""
    found: dict[str, str] = {}
    left = sorted(names, key=natural_key)
    right = sorted(others, key=natural_key)
    for key in (_tail(3), _tail(2), _tail(1), lambda name: ""):
        waiting: dict[str, list[str]] = {}
        for other in right:
            waiting.setdefault(key(other), []).append(other)
        for name in left:
            if candidates := waiting.get(key(name)):
                found[name] = candidates.pop(0)
        left = [name for name in left if name not in found]
        taken = set(found.values())
        right = [other for other in right if other not in taken]
    return found


def _tail(count: int) -> Callable[[str], str]:
    """The last segments of a name; a name without that many has an ending of its own."""

    def tail(name: str) -> str:
        segments = name.split(".")
        return ".".join(segments[-count:]) if len(segments) > count else f"\0{name}"

    return tail
