"""Make several names share one stored tensor."""

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
    from paramctl.edit.plan import Step
    from paramctl.edit.tie import Tie, TieEqual

    if auto == bool(keep) or (auto and take):
        raise UsageError("tie takes either KEEP and ALIAS or --auto")
    if take is not None and take not in ("keep", "alias", "mean"):
        raise UsageError(f"--take is keep, alias or mean, not '{take}'")
    edit = TieEqual() if auto else Tie(keep or "", tuple(alias or ()), take)  # type: ignore[arg-type]
    carry_out("tie", model, [Step(edit)], writing, common)
