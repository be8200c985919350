"""Show the values of a tensor, or write them as .npy."""

from pathlib import Path
from typing import Annotated

import typer

from paramctl.cli.options import Common, Model, verb
from paramctl.errors import UsageError

GROUP = "Look"


@verb
def run(
    model: Model,
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME[INDEX]", help="A tensor's name, with a NumPy-style index or none."
        ),
    ],
    npy: Annotated[
        Path | None, typer.Option("--npy", metavar="FILE", help="Write the values as .npy.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace FILE if it exists.")] = False,
    *,
    common: Common,
) -> None:
    """Show the values of a tensor, or write them as .npy."""
    from paramctl.binding.words import is_spec
    from paramctl.listing.index import find
    from paramctl.listing.npy import portable, write_npy
    from paramctl.listing.values import values
    from paramctl.report.emit import emit
    from paramctl.report.shown import shown
    from paramctl.sources.open import open_source

    if is_spec(model):
        raise _without_values(model, name)
    with open_source(model) as source:
        for note in source.notes:
            common.say(f"warning: {note}")
        entry, index = find(name, source.manifest)
        array = portable(values(source, entry, index))
        if npy is None:
            emit(shown(entry, array), common)
            return
        write_npy(npy, array, inputs=source.local_files, force=force)
        common.say(f"wrote {npy}: {entry.dtype} as {array.dtype.name} {list(array.shape)}")


def _without_values(spec: str, name: str) -> UsageError:
    """What a spec knows of a tensor, and the command that gives it values."""
    from paramctl.listing.index import find
    from paramctl.listing.target import open_target
    from paramctl.names import show

    with open_target(spec) as target:
        entry, _ = find(name, target.manifest)
    sizes = ",".join("?" if size is None else str(size) for size in entry.shape)
    given = " --input NAME=SHAPE" if None in entry.shape else ""
    missing = ", and the size ? is not known" if given else ""
    return UsageError(
        f"this is a spec, which has no values: {show(entry.name)} will be "
        f"{entry.dtype}[{sizes}]{missing}",
        where=show(spec),
        hint=f"draw them: `paramctl init {show(spec)}{given} -o OUT.safetensors`",
    )
