"""Set a tensor, or a part of it, to an expression of its old values."""

import re
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from paramctl.cli.options import Common, Model, verb
from paramctl.cli.writing import Writing, carry_out, writes

GROUP = "Change"

_NEGATIVE = re.compile(r"-(?![-onfqvh]).+|-nan", re.S)  # no option of the verb begins so


class Parser(TyperCommand):
    """Takes ``-1``, ``-x`` or ``-inf`` for the expression that it is."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The arguments, with an expression that begins with a minus moved behind ``--``."""
        options = args[: args.index("--")] if "--" in args else args
        moved = [word for word in options if _NEGATIVE.fullmatch(word)]
        if moved and options is args:
            args = [*(word for word in args if word not in moved), "--", *moved]
        return super().parse_args(ctx, args)


@verb
@writes
def run(
    model: Model,
    target: Annotated[
        str, typer.Argument(metavar="NAME[INDEX]", help="A tensor, or a part: '0.weight[0,:5]'.")
    ],
    expression: Annotated[
        str | None,
        typer.Argument(
            metavar="EXPR",
            help="Of the old value x: '42', 'x + 1', 'where(abs(x) >= 5, x, 0)'.",
        ),
    ] = None,
    npy: Annotated[
        Path | None, typer.Option("--npy", metavar="FILE", help="Take the values of a .npy file.")
    ] = None,
    *,
    writing: Writing,
    common: Common,
) -> None:
    """Set a tensor, or a part of it, to an expression of its old values."""
    from paramctl.edit import steps

    step = steps.set_(target, expression, npy)
    carry_out("set", model, [step], writing, common)
