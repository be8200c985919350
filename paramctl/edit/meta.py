"""Other metadata strings."""

from collections.abc import Sequence
from dataclasses import dataclass

from paramctl.edit.draft import Draft
from paramctl.edit.plan import EDITS, Edit
from paramctl.errors import UsageError
from paramctl.manifest import Entry
from paramctl.names import near, show


@EDITS.register("meta")
@dataclass(frozen=True)
class Meta(Edit):
    """Set or remove strings in the metadata of every file; ties are left to ``tie``.

    Attributes:
        strings: the pairs to set.
        removed: the keys to remove.
    """

    is_selective = False

    strings: tuple[tuple[str, str], ...] = ()
    removed: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key that it sets or removes."""
        return (*(key for key, _ in self.strings), *self.removed)

    def apply(self, draft: Draft, chosen: Sequence[Entry]) -> None:
        """Change them.

        Raises:
            UsageError: a key that isn't there, or one that declares a tie.
        """
        known = {key for strings in draft.metadata for key in strings}
        for key in self.keys:
            entry = draft.manifest.get(key)
            if entry is not None and entry.is_alias:
                raise UsageError(f"'{show(key)}' declares a tie", hint="use tie and untie")
        for key in self.removed:
            if key not in known:
                similar = ", ".join(show(other) for other in near(key, known))
                raise UsageError(
                    f"no metadata named '{show(key)}'",
                    hint=f"near names: {similar}" if similar else "",
                )
            draft.annotate(key, None)
        for key, text in self.strings:
            draft.annotate(key, text)


def parse_pair(text: str) -> tuple[str, str]:
    """Key and text of ``KEY=VALUE``.

    Raises:
        UsageError: there is no ``=``.
    """
    key, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"'{show(text)}' is no KEY=VALUE")
    return key, value
