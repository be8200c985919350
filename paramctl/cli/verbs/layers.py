"""Keep, drop, repeat or reorder numbered layers."""

import re
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from paramctl.cli.options import Common, Expect, Model, verb
from paramctl.cli.writing import Writing, carry_out, writes

GROUP = "Change"

_NEGATIVE = re.compile(r"-\d[-\d.,]*")


class Parser(TyperCommand):
    """Takes ``-4..-1`` for the list that it is."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The arguments, with a list that begins with a minus moved behind ``--``."""
        moved = [word for word in args if _NEGATIVE.fullmatch(word)]
        if moved and "--" not in args:
            args = [*(word for word in args if word not in moved), "--", *moved]
        return super().parse_args(ctx, args)


@verb
@writes
def run(
    model: Model,
    list: Annotated[
        str,
        typer.Argument(metavar="LIST", help="Layers in their new order: 0..23,8..31 or 0,2,-1."),
    ],
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="PATH", help="Which container, where there are several."),
    ] = None,
    expect: Expect = None,
    *,
    writing: Writing,
    common: Common,
) -> None:
    """Keep, drop, repeat or reorder numbered layers; both ends of a range are included.

    Layers are numbered anew from 0, and config.json gets their number.
    """
    from paramctl.edit import steps

    step = steps.layers(list, at, expect)
    carry_out("layers", model, [step], writing, common)
