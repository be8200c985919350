"""The difference between two checkpoints, whatever their sharding and order."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from paramctl.compute.traffic import expect
from paramctl.diff.change import Change, Diff, Status
from paramctl.diff.gates import Gates
from paramctl.diff.matching import Match, Matching, chosen_names, match
from paramctl.diff.renames import find_renames, matched_anew
from paramctl.errors import UsageError
from paramctl.figures.comparison import Comparison, compare_all
from paramctl.figures.pieces import Readable
from paramctl.figures.rule import Rule
from paramctl.figures.same import Pair
from paramctl.manifest import Entry, Manifest
from paramctl.names import natural_key, show


class Checkpoint(Readable, Protocol):
    """What a diff needs of each side: a manifest and the bytes behind it."""

    @property
    def manifest(self) -> Manifest:
        """The tensors and their aliases."""


def diff(
    a: Checkpoint,
    b: Checkpoint,
    selections: Sequence[str] = (),
    *,
    rule: Rule | None = None,
    gates: Gates | None = None,
    renames: bool = True,
    to: Mapping[str, str] | None = None,
    figures: bool = True,
    explained: bool = False,
    ulps: bool = False,
    allow_empty: bool = False,
) -> Diff:
    """Everything that is different between A and B.

    Args:
        selections: over the names of either side; all names when there are none.
        rule: when two elements are equal; bits by default.
        gates: conditions that turn the answer into violations.
        renames: look for removed tensors under added names, by bytes, then by likeness.
        to: names in B for names of A that are called otherwise there.
        figures: without them each tensor is left at its first difference.
        explained: say of changed tensors what explains it: a factor, some rows, a low rank…
        ulps: also count by how many representable values elements of changed tensors differ.
        allow_empty: a selection may match nothing.

    Raises:
        UsageError: there is no tensor to compare.
        SelectionError: a selection or a gate can't be read or matches nothing.
        CheckpointError: a file changed while it was read.
    """
    rule, to = rule or Rule(), dict(to or {})
    names = chosen_names(a.manifest, b.manifest, selections, allow_empty=allow_empty)
    if not names:
        raise UsageError("there is no tensor to compare", hint="an empty comparison proves nothing")
    paired = match(a.manifest, b.manifest, names, to)
    paired, changes = _renamed(a, b, paired) if renames else (paired, [])
    entries = [change.before for change in changes if change.before]
    total = len(changes) + len(paired.matches) + len(paired.removed) + len(paired.added)
    changes += _structural(paired)
    same_shape = [found for found in paired.matches if found.before.shape == found.after.shape]
    changes += _compared(a, b, same_shape, rule, figures)
    changes = [_retied(a.manifest, b.manifest, to, change) for change in changes]
    if explained:
        from paramctl.diff.explained import explained as with_words

        changes = with_words(a, a.manifest, b, changes)
    if ulps:
        changes = [_in_ulps(a, b, change) for change in changes]
    changes.sort(key=lambda change: (natural_key(change.name), change.status))
    violations = (
        gates.violations(a.manifest, b.manifest, names, changes, allow_empty=allow_empty)
        if gates
        else None
    )
    entries += [found.before for found in same_shape]
    return Diff(tuple(changes), total, tuple(entries), violations)


def _compared(
    a: Checkpoint, b: Checkpoint, matches: list[Match], rule: Rule, figures: bool
) -> list[Change]:
    """The changes that show in the bytes of tensors of one shape."""
    expect("read", sum((x.before.nbytes or 0) + (x.after.nbytes or 0) for x in matches))
    pairs = (Pair(a, found.before, b, found.after) for found in matches)
    compared = zip(matches, compare_all(pairs, rule, figures=figures), strict=True)
    return [change for found, told in compared for change in _changes(found, told, rule, figures)]


def _renamed(a: Checkpoint, b: Checkpoint, paired: Matching) -> tuple[Matching, list[Change]]:
    """The matching without what only changed its name, and those changes.

    What changed its name and its values comes back as a match.
    """
    found = find_renames(a, paired.removed, b, paired.added)
    taken = set(found.values())
    changes = [
        Change(entry.name, "renamed", (entry.name,), entry, b.manifest[found[entry.name]],
               to=found[entry.name])
        for entry in paired.removed
        if entry.name in found
    ]  # fmt: skip
    removed = [entry for entry in paired.removed if entry.name not in found]
    added = [entry for entry in paired.added if entry.name not in taken]
    return matched_anew(a, b, Matching(paired.matches, removed, added), found), changes


def _structural(paired: Matching) -> list[Change]:
    """The changes that show in names and shapes alone."""
    changes = [Change(one.name, "removed", (one.name,), before=one) for one in paired.removed]
    changes += [Change(one.name, "added", (one.name,), after=one) for one in paired.added]
    changes += [
        Change(found.names[0], "reshaped", found.names, found.before, found.after)
        for found in paired.matches
        if found.before.shape != found.after.shape
    ]
    return changes


def _changes(found: Match, comparison: Comparison, rule: Rule, figures: bool) -> list[Change]:
    """What one comparison says: the change of the tensor, or the ties that moved around it."""
    status = _status(found.before, found.after, comparison, rule)
    if status is None and found.to is not None:
        status = "renamed"  # the same numbers, not the same bytes
    if status is None:
        return [Change(name, "retied", (name,), found.before, found.after) for name in found.retied]
    return [
        Change(
            found.names[0],
            status,
            found.names,
            found.before,
            found.after,
            to=found.to,
            figures=comparison if figures else None,
            counts=not (status == "cast" and rule.mode == "value"),
        )
    ]


def _retied(a: Manifest, b: Manifest, to: Mapping[str, str], change: Change) -> Change:
    """A change of ties with what was gained or lost."""
    if change.status != "retied":
        return change
    left, right = a[change.name].tied_to, b[to.get(change.name, change.name)].tied_to
    gained = f"tied to {show(right)}" if right else "no longer tied"
    lost = (
        f" to {show(left)}" if left and not right else f" instead of {show(left)}" if left else ""
    )
    return replace(change, explanation=gained + lost)


def _in_ulps(a: Checkpoint, b: Checkpoint, change: Change) -> Change:
    if change.status != "changed" or not change.before or not change.after:
        return change
    from paramctl.figures.steps_apart import steps_apart

    return replace(change, ulps=steps_apart(Pair(a, change.before, b, change.after)))


def _status(before: Entry, after: Entry, found: Comparison, rule: Rule) -> Status | None:
    if before.dtype == after.dtype:
        return None if found.is_equal else "changed"
    if found.cast:
        return "cast"
    return None if rule.mode == "value" and found.differing == 0 else "retyped"
