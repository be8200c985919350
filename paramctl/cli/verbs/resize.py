"""Grow or shrink an axis: a vocabulary, a head."""

from typing import Annotated

import typer

from paramctl.cli.options import AllowEmpty, Common, Expect, Model, SelectSome, verb
from paramctl.cli.writing import Writing, carry_out, writes

GROUP = "Change"

Dim = Annotated[
    str,
    typer.Option("--dim", metavar="D=N", help="The axis and its size; D alone with --multiple-of."),
]
Multiple = Annotated[int, typer.Option(metavar="M", help="Round the size up to a multiple of it.")]
Fill = Annotated[
    str,
    typer.Option(
        metavar="SCHEME|mean|zeros",
        help="What new places get: the mean of the old ones, zeros, or a scheme's values.",
    ),
]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="Of the scheme.")]
Axes = Annotated[
    list[str] | None,
    typer.Option("--axes", metavar="SELECT=ROLES", help="Which axis is what, as for init."),
]
Shrink = Annotated[
    bool, typer.Option("--allow-shrink", help="Drop what lies beyond a smaller size.")
]


@verb
@writes
def run(
    model: Model,
    select: SelectSome,
    dim: Dim,
    multiple_of: Multiple = 1,
    fill: Fill = "mean",
    seed: Seed = 0,
    axes: Axes = None,
    allow_shrink: Shrink = False,
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
