"""Grow or shrink an axis: a vocabulary, a head."""

from typing import Annotated

import typer

from paramctl.cli.options import AllowEmpty, Common, Expect, Model, verb
from paramctl.cli.writing import Writing, carry_out, writes

GROUP = "Change"


@verb
@writes
def run(
    model: Model,
    select: Annotated[
        list[str], typer.Argument(metavar="SELECT", help="Selections; several are a union.")
    ],
    dim: Annotated[
        str,
        typer.Option(
            "--dim", metavar="D=N", help="The axis and its size; D alone with --multiple-of."
        ),
    ],
    multiple_of: Annotated[
        int, typer.Option(metavar="M", help="Round the size up to a multiple of this.")
    ] = 1,
    fill: Annotated[
        str,
        typer.Option(
            metavar="SCHEME|mean|zeros",
            help="What new places get: the mean of the old ones, zeros, or a scheme's values.",
        ),
    ] = "mean",
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Of the scheme.")] = 0,
    axes: Annotated[
        list[str] | None,
        typer.Option("--axes", metavar="SELECT=ROLES", help="Which axis is what, as for init."),
    ] = None,
    allow_shrink: Annotated[
        bool, typer.Option("--allow-shrink", help="Drop what lies beyond a smaller size.")
    ] = False,
    allow_empty: AllowEmpty = False,
    expect: Expect = None,
    *,
    writing: Writing,
    common: Common,
) -> None:
    """Grow or shrink an axis of the selected tensors; ties and config.json follow."""
    from paramctl.edit import steps

    step = steps.resize(
        select, dim, multiple_of, fill, seed, axes or (), allow_shrink, allow_empty, expect
    )
    carry_out("resize", model, [step], writing, common)
