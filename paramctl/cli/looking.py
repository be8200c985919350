"""The way from arguments to chosen entries, for verbs that look at a MODEL or a SPEC."""

import functools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from paramctl.cli.options import Common

if TYPE_CHECKING:
    from paramctl.listing.target import Target
    from paramctl.manifest import Entry

Inputs = Annotated[
    list[str] | None,
    typer.Option(
        "--input", metavar="NAME=SHAPE", help="With a SPEC: an input, to find open sizes: x=2x20."
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="With a SPEC: override a config name."),
]
_last: "list[Target]" = []  # not freed name by name when a verb ends: its process ends with it


@contextmanager
def look(
    model: str,
    select: Sequence[str] | None,
    common: Common,
    *,
    allow_empty: bool = False,
    expect: int | None = None,
    inputs: Sequence[str] | None = None,
    settings: Sequence[str] | None = None,
) -> "Iterator[tuple[Target, Sequence[Entry]]]":
    """The target of a verb and the entries that its selections choose; warnings on stderr.

    Args:
        inputs, settings: what ``--input`` and ``--set`` say, for a SPEC.
    """
    from paramctl.formats.strict_json import without_collector
    from paramctl.listing.target import open_target
    from paramctl.select.choose import choose

    overrides, forms = None, None
    if inputs or settings:
        from paramctl.cli.forms import config_overrides, input_forms

        overrides = config_overrides(settings or ())
        forms = functools.partial(input_forms, texts=inputs) if inputs else None
    opened = open_target(model, overrides=overrides, forms=forms)
    with without_collector(), opened as target:
        _last[:] = [target]
        for note in target.notes:
            common.say(f"warning: {note}")
        chosen: Sequence[Entry] = target.manifest.columns
        if select or expect is not None:
            chosen = choose(
                target.manifest,
                select or (),
                allow_empty=allow_empty,
                expect=expect,
                shards=target.shards,
            )
        yield target, chosen
