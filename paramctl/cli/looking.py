"""The way from arguments to chosen entries, for verbs that look at a MODEL or a SPEC."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from paramctl.cli.options import Common

if TYPE_CHECKING:
    from paramctl.listing.target import Target
    from paramctl.manifest import Entry


@contextmanager
def look(
    model: str,
    select: Sequence[str] | None,
    common: Common,
    *,
    allow_empty: bool = False,
    expect: int | None = None,
) -> Iterator[tuple["Target", list["Entry"]]]:
    """The target of a verb and the entries that its selections choose; warnings on stderr."""
    from paramctl.listing.target import open_target
    from paramctl.select.choose import choose

    with open_target(model) as target:
        for note in target.notes:
            common.say(f"warning: {note}")
        chosen = choose(
            target.manifest,
            select or (),
            allow_empty=allow_empty,
            expect=expect,
            shards=target.shards,
        )
        yield target, chosen
