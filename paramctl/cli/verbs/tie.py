"""Make several names share one stored tensor."""

from typing import Annotated

import typer

from paramctl.cli.options import Common, Model, verb
from paramctl.cli.writing import Writing, carry_out, writes

GROUP = "Change"


@verb
@writes
def run(
    model: Model,
    keep: Annotated[
        str | None, typer.Argument(metavar="KEEP", help="The name that stays stored.")
    ] = None,
    alias: Annotated[
        list[str] | None, typer.Argument(metavar="ALIAS", help="The names that share its tensor.")
    ] = None,
    auto: Annotated[
        bool, typer.Option("--auto", help="Tie all tensors of equal dtype, shape and bits.")
    ] = False,
    take: Annotated[
        str | None,
        typer.Option("--take", metavar="WHOSE", help="Where values differ: keep, alias or mean."),
    ] = None,
    *,
    writing: Writing,
    common: Common,
) -> None:
    """Make several names share one stored tensor."""
    from paramctl.edit import steps

    step = steps.tie(keep, alias or (), auto, take)
    carry_out("tie", model, [step], writing, common)
