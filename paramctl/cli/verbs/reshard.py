"""Spread a checkpoint over files anew."""

from typing import Annotated

import typer

from paramctl.cli.options import Common, Model, verb
from paramctl.cli.writing import Writing, carry_out, writes

GROUP = "Change"


@verb
@writes
def run(
    model: Model,
    max_shard_size: Annotated[
        str | None,
        typer.Option(metavar="SIZE", help="Bytes of tensors per file, such as 2GiB or 500MB."),
    ] = None,
    single: Annotated[bool, typer.Option("--single", help="Everything in one file.")] = False,
    *,
    writing: Writing,
    common: Common,
) -> None:
    """Spread a checkpoint over files anew."""
    from paramctl.edit import steps

    step = steps.reshard(max_shard_size, single)
    carry_out("reshard", model, [step], writing, common)
