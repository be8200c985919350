"""Conditions on a diff: what may change, what must, and what must not."""

from collections.abc import Sequence
from dataclasses import dataclass

from paramctl.diff.change import NEW_VALUES, Change, Violation
from paramctl.diff.matching import chosen_names
from paramctl.manifest import Manifest
from paramctl.names import natural_key


@dataclass(frozen=True)
class Gates:
    """Selections over the names of both checkpoints; an empty one is no gate.

    Attributes:
        allow: a change of anything else is a violation.
        must_change: values that stay as they were are one; a cast or a new name is no change.
        forbid: any change of these is one.
    """

    allow: tuple[str, ...] = ()
    must_change: tuple[str, ...] = ()
    forbid: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.allow or self.must_change or self.forbid)

    def violations(
        self,
        a: Manifest,
        b: Manifest,
        compared: set[str],
        changes: Sequence[Change],
        *,
        allow_empty: bool = False,
    ) -> tuple[Violation, ...]:
        """Every gate that is broken, in natural order of names.

        Args:
            compared: the names that were looked at; gates say nothing about others.

        Raises:
            SelectionError: a gate can't be read or matches nothing.
        """

        def chosen(selections: tuple[str, ...]) -> set[str]:
            if not selections:
                return set()
            return chosen_names(a, b, selections, allow_empty=allow_empty)

        allowed, wanted, forbidden = map(chosen, (self.allow, self.must_change, self.forbid))
        found: set[tuple[str, str]] = set()
        moved: set[str] = set()
        for change in changes:
            names = {*change.names, *([change.to] if change.to else [])}
            if change.status in NEW_VALUES:
                moved |= names
            if change.counts and self.allow and not names & allowed:
                found.add(("allow", change.name))
            if change.counts and names & forbidden:
                found.add(("forbid", change.name))
        found |= {("must-change", name) for name in (wanted & compared) - moved}
        ordered = sorted(found, key=lambda pair: (natural_key(pair[1]), pair[0]))
        return tuple(Violation(rule, name) for rule, name in ordered)
