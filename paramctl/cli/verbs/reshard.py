"""Spread a checkpoint over files anew."""

from typing import Annotated

import typer

from paramctl.cli.options import Common, Model, verb
from paramctl.cli.writing import Writing, carry_out, writes
from paramctl.errors import UsageError

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
    from paramctl.edit.plan import Step
    from paramctl.edit.reshard import Reshard, parse_size

    if single == (max_shard_size is not None):
        raise UsageError("reshard takes either --max-shard-size SIZE or --single")
    most = None if max_shard_size is None else parse_size(max_shard_size)
    carry_out("reshard", model, [Step(Reshard(most))], writing, common)
