"""Opening a MODEL for a verb: what its author should be warned of goes to stderr."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from paramctl.cli.options import Common

if TYPE_CHECKING:
    from paramctl.manifest import Entry
    from paramctl.sources.source import Source


def opened(model: str, common: Common) -> "Source":
    """The open checkpoint, its notes said on stderr.

    Raises:
        CheckpointError: missing, unreadable or malformed.
    """
    from paramctl.sources.open import open_source

    source = open_source(model)
    for note in source.notes:
        common.say(f"warning: {note}")
    return source


def with_values(
    source: "Source", selections: Sequence[str], allow_empty: bool, expect: int | None = None
) -> "list[Entry]":
    """The chosen tensors, each stored one once; an alias only where its own name was given.

    Raises:
        SelectionError: a selection can't be read or matches nothing.
    """
    from paramctl.listing.rows import ordered
    from paramctl.select.choose import choose

    chosen = choose(
        source.manifest,
        selections,
        allow_empty=allow_empty,
        expect=expect,
        shards=[path.name for path in source.files],
    )
    named = set(selections)
    kept = [entry for entry in chosen if not entry.is_alias or entry.name in named]
    return list(ordered(kept))
