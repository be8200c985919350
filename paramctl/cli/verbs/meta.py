"""Show or change the metadata of a file."""

from typing import Annotated

import typer

from paramctl.cli.options import Common, Model, verb
from paramctl.cli.writing import Writing, carry_out, writes
from paramctl.errors import UsageError

GROUP = "Look"


@verb
@writes
def run(
    model: Model,
    set: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Set a string.")
    ] = None,
    unset: Annotated[
        list[str] | None, typer.Option("--unset", metavar="KEY", help="Remove a string.")
    ] = None,
    *,
    writing: Writing,
    common: Common,
) -> None:
    """Show or change the metadata of a file."""
    if set or unset:
        from paramctl.edit import steps

        carry_out("meta", model, [steps.meta(set or (), unset or ())], writing, common)
    elif writing.output or writing.in_place:
        raise UsageError("nothing to write", hint="change something: --set KEY=VALUE, --unset KEY")
    else:
        _show(model, common)


def _show(model: str, common: Common) -> None:
    from paramctl.report.emit import emit
    from paramctl.report.metadata import metadata
    from paramctl.sources.open import open_source

    with open_source(model) as source:
        for note in source.notes:
            common.say(f"warning: {note}")
        emit(metadata(source.manifest.metadata), common)
