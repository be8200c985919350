"""One self-contained HTML page about a checkpoint."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paramctl.cli.options import Common, Model, verb

if TYPE_CHECKING:
    from paramctl.report.html.portrait import Portrait
    from paramctl.sources.source import Source

GROUP = "Look"


@verb
def run(
    model: Model,
    against: Annotated[
        str | None,
        typer.Option("--against", metavar="OTHER", help="Also show what differs from OTHER."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Where to write the page; - for stdout."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace FILE if it exists.")] = False,
    *,
    common: Common,
) -> None:
    """One self-contained HTML page: totals, structure, layers, histograms, findings, changes.

    It needs no network, reads well on a phone and in the dark, and stays below 2 MB; what a
    large model has more is summed up, and said.

    \b
    Examples:
        paramctl report model/ -o report.html
        paramctl report tuned/ --against base/ -o report.html
    """
    from paramctl.errors import UsageError

    if common.form:
        raise UsageError("a report is a page, it has no other format", hint="leave out -f")
    if output is None:
        raise UsageError("the page needs a place", hint="add -o report.html")
    _write(model, against, output, force, common)


def _write(model: str, against: str | None, output: Path, force: bool, common: Common) -> None:
    from contextlib import ExitStack

    from paramctl.cli.reading import opened
    from paramctl.formats.destination import choose_output, identity
    from paramctl.formats.write_output import write_output
    from paramctl.names import show
    from paramctl.report.html.page import page

    with ExitStack() as stack:
        source = stack.enter_context(opened(model, common))
        other = stack.enter_context(opened(against, common)) if against else None
        if str(output) == "-":
            sys.stdout.flush()
            sys.stdout.buffer.writelines(page(_portrait(source, other)))
            return
        files = [*source.local_files, *(other.local_files if other else ())]
        inputs = [identity(path.stat()) for path in files if path.exists()]
        place = choose_output(output, inputs=inputs, force=force)
        size = write_output(place, page(_portrait(source, other)))
    common.say(f"wrote {show(str(output))}: {size:,} bytes")


def _portrait(source: "Source", other: "Source | None") -> "Portrait":
    from paramctl.listing.target import target_of
    from paramctl.report.html.portrait import portray

    return portray(target_of(source), source, other, _bind)


def _bind(source: "Source") -> object:
    """The checkpoint bound to the family that its config names, if it is known."""
    if source.config is None or "model_type" not in source.config:
        return None
    from paramctl.binding.model import family_binding

    return family_binding(source)
