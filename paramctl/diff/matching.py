"""Which tensor of A belongs to which of B: by name, seen through the ties of both."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from paramctl.manifest import Entry, Manifest
from paramctl.names import natural_order


@dataclass(frozen=True, slots=True)
class Match:
    """Two stored tensors that some name of both sides stands for.

    Attributes:
        names: those names; the first is stored on both sides if any is.
        retied: those of them whose tie is another on each side.
        to: what B calls it, where that was found out by its values.
    """

    before: Entry
    after: Entry
    names: tuple[str, ...]
    retied: tuple[str, ...]
    to: str | None = None


@dataclass(frozen=True)
class Matching:
    """The names of two manifests, paired up.

    Attributes:
        matches: one per pair of stored tensors.
        removed, added: entries whose names only A or only B has, aliases included.
    """

    matches: list[Match]
    removed: list[Entry]
    added: list[Entry]


def chosen_names(
    a: Manifest, b: Manifest, selections: Sequence[str], *, allow_empty: bool = False
) -> set[str]:
    """The names that selections choose in either manifest.

    Raises:
        SelectionError: a selection can't be read, or matches nothing in both.
    """
    if not selections:
        return {*a.names, *b.names}
    from paramctl.select.choose import choose

    # An entry of each side speaks for its name, so that `dtype:bf16` finds what B alone has so.
    left, right = _union(a, b), _union(b, a)
    names: set[str] = set()
    for text in selections:
        found = {entry.name for entry in choose(left, [text], allow_empty=True)}
        found |= {entry.name for entry in choose(right, [text], allow_empty=True)}
        if not found and not allow_empty:
            choose(left, [text])
        names |= found
    return names


def _union(first: Manifest, second: Manifest) -> Manifest:
    return Manifest([*first, *(entry for entry in second if entry.name not in first)])


def match(a: Manifest, b: Manifest, names: Iterable[str], to: Mapping[str, str]) -> Matching:
    """Pair the tensors of two manifests.

    Args:
        names: those to look at.
        to: the name in B for names of A that have another there.
    """
    back = {new: old for old, new in to.items()}
    pairs: dict[tuple[str, str], list[str]] = {}
    removed, added = [], []
    for name in natural_order(set(names)):
        before, after = a.get(name), b.get(to.get(name, name))
        if name in back and name not in to and back[name] in a:
            after = None  # in B it stands for another name of A
        if before is not None and after is not None:
            pair = a.canonical(name).name, b.canonical(after.name).name
            pairs.setdefault(pair, []).append(name)
        elif before is not None:
            removed.append(before)
        elif after is not None:
            added.append(after)
    groups = _Groups(a, b, {name for found in pairs.values() for name in found}, to)
    return Matching([groups.match(pair, found) for pair, found in pairs.items()], removed, added)


class _Groups:
    """The ties of both sides, as far as they concern names that both have."""

    def __init__(self, a: Manifest, b: Manifest, shared: set[str], to: Mapping[str, str]) -> None:
        self.a, self.b, self.to = a, b, to
        self.left: dict[str, set[str]] = {}
        self.right: dict[str, set[str]] = {}
        tied = [self._stored(name) for name in shared if not self._is_stored(name)]
        lefts, rights = {left for left, _ in tied}, {right for _, right in tied}
        for name in shared if tied else ():
            left, right = self._stored(name)
            if left in lefts or right in rights:
                self.left.setdefault(left, set()).add(name)
                self.right.setdefault(right, set()).add(name)

    def match(self, pair: tuple[str, str], names: list[str]) -> Match:
        before, after = self.a[pair[0]], self.b[pair[1]]
        if pair[0] not in self.left:  # most tensors have one name
            return Match(before, after, tuple(names), ())
        stored = [name for name in names if self._is_stored(name)]
        first = (stored or [name for name in names if name == pair[0]] or names)[0]
        ordered = (first, *(name for name in names if name != first))
        same = self.left[pair[0]] == self.right[pair[1]]
        retied = () if same else tuple(name for name in ordered if self._moved(name, pair))
        return Match(before, after, ordered, retied)

    def _stored(self, name: str) -> tuple[str, str]:
        """The names that hold its tensor in A and in B."""
        return self.a.canonical(name).name, self.b.canonical(self.to.get(name, name)).name

    def _is_stored(self, name: str) -> bool:
        return not self.a[name].is_alias and not self.b[self.to.get(name, name)].is_alias

    def _moved(self, name: str, pair: tuple[str, str]) -> bool:
        """Whether a name is tied elsewhere; one that keeps its own tensor is not."""
        return not self._is_stored(name) and self.to.get(pair[0], pair[0]) != pair[1]
