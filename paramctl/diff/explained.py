"""Changes with a few words each on what explains them."""

from collections.abc import Sequence
from dataclasses import replace

from paramctl.diff.change import Change
from paramctl.diff.copies import find_copies
from paramctl.diff.explain import explain, explain_shape, explain_sparse
from paramctl.diff.joined import find_joined
from paramctl.figures.pieces import Readable
from paramctl.manifest import Manifest
from paramctl.names import show


def explained(
    a: Readable, before: Manifest, b: Readable, changes: Sequence[Change]
) -> list[Change]:
    """The changes, each with its explanation where one was found."""
    copies = find_copies(a, before, b, changes)
    removed = [one.before for one in changes if one.status == "removed" and one.before]
    added = [one.after for one in changes if one.status == "added" and one.after]
    joined = find_joined(a, removed, b, added)

    def words(change: Change) -> str:
        if change.after and change.after.name in copies:
            return f"what {show(_briefly(copies[change.after.name], change.after.name))} was"
        if change.status in ("added", "removed"):
            return show(joined.get(change.name, ""))
        return _words(a, b, change)

    return [replace(change, explanation=words(change)) for change in changes]


def _briefly(old: str, new: str) -> str:
    """``layers.2`` where nothing but that number is another; else the whole name."""
    left, right = old.split("."), new.split(".")
    other = [n for n in range(min(len(left), len(right))) if left[n] != right[n]]
    is_number = len(left) == len(right) and len(other) == 1 and left[other[0]].isdecimal()
    return ".".join(left[max(0, other[0] - 1) : other[0] + 1]) if is_number else old


def _words(a: Readable, b: Readable, change: Change) -> str:
    """What one tensor went through."""
    if not change.before or not change.after:
        return change.explanation
    sides = a, change.before, b, change.after
    if change.status in ("changed", "retyped"):
        return explain(*sides) or (explain_sparse(change.figures) if change.figures else "")
    return explain_shape(*sides) if change.status == "reshaped" else change.explanation
