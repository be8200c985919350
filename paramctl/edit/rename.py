"""Other names for the same tensors."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from paramctl.edit.draft import Draft
from paramctl.edit.plan import EDITS, Edit, Step
from paramctl.edit.rename_rules import PathRule, Rule
from paramctl.errors import UsageError
from paramctl.manifest import Entry, Manifest
from paramctl.names import show


@EDITS.register("rename")
@dataclass(frozen=True)
class Rename(Edit):
    """Rename by rules; order, ties and bytes stay.

    Attributes:
        rules: applied in order, each to what the one before has made of a name.
        table: applied at once, so that names may be swapped. A name goes by the rule for the
            longest literal path that leads to it, itself at best; else by the first capture.
    """

    rules: tuple[Rule, ...] = ()
    table: tuple[PathRule, ...] = ()

    def choose(self, manifest: Manifest, step: Step) -> list[Entry]:
        """The entries that some rule concerns.

        Raises:
            UsageError: rules that concern nothing, every one of them; or not as many entries
                as expected.
        """
        names = self.names(manifest)
        if step.expect is not None and len(names) != step.expect:
            raise UsageError(f"the rules rename {len(names)} tensors, expected {step.expect}")
        return [manifest[name] for name in names]

    def apply(self, draft: Draft, chosen: Sequence[Entry]) -> None:
        """Rename them all at once."""
        draft.rename(self.names(draft.manifest))

    def inverse(self) -> "Rename":
        """The rules that lead back, in the opposite order.

        Raises:
            UsageError: one of them has none.
        """
        rules = tuple(rule.inverse() for rule in reversed(self.rules))
        return Rename(rules, tuple(rule.inverse() for rule in self.table))

    def names(self, manifest: Manifest) -> dict[str, str]:
        """Old name to new name for every entry that a rule concerns.

        Raises:
            UsageError: rules that concern nothing, every one of them.
        """
        known: tuple[Manifest, dict[str, str]] | None = self.__dict__.get("_known")
        if known is not None and known[0] is manifest:
            return known[1]
        found = self._names(manifest)
        self.__dict__["_known"] = manifest, found  # the same for choosing and for applying
        return found

    def _names(self, manifest: Manifest) -> dict[str, str]:
        idle = dict.fromkeys((*self.table, *self.rules))
        found: dict[str, str] = {}
        literal = {rule.old: rule for rule in reversed(self.table)}
        captures = [rule for rule in self.table if rule.has_captures]
        for entry in manifest:
            new = _first([*_leading(literal, entry.name), *captures], entry.name, idle)
            for rule in self.rules:
                new = _first((rule,), new or entry.name, idle) or new
            if new is not None:
                found[entry.name] = new
        if idle:
            listed = ", ".join(f"'{show(rule.text)}'" for rule in idle)
            raise UsageError(
                f"{listed} renames none of {len(manifest)} tensors",
                hint="run `paramctl ls MODEL -f names` to see them",
            )
        return found


def _leading(literal: dict[str, PathRule], name: str) -> Iterator[PathRule]:
    """The rules for the name itself and for the paths that lead to it, the longest first."""
    end = len(name)
    while end > 0:
        if name[:end] in literal:
            yield literal[name[:end]]
        end = name.rfind(".", 0, end)


def _first(rules: Sequence[Rule], name: str, idle: dict[Rule, None]) -> str | None:
    for rule in rules:
        new = rule.rename(name)
        if new is not None:
            idle.pop(rule, None)
            return new
    return None
