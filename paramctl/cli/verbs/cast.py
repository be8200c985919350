"""Round tensors to another dtype."""

import re
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from paramctl.cli.options import AllowEmpty, Common, Expect, Model, Select, verb
from paramctl.cli.writing import Writing, carry_out, writes

GROUP = "Change"

_BLOCKS = "--dequant-blocks"
_SIZES = re.compile(r"\d+([x,]\d+)?|auto")


class Parser(TyperCommand):
    """Takes ``--dequant-blocks`` with or without the sizes of the blocks."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The arguments, with ``auto`` for sizes that don't follow."""
        followed = zip(args, [*args[1:], ""], strict=True)
        bare = [word == _BLOCKS and not _SIZES.fullmatch(after) for word, after in followed]
        words = zip(args, bare, strict=True)
        return super().parse_args(ctx, [f"{w}=auto" if is_bare else w for w, is_bare in words])


@verb
@writes
def run(
    model: Model,
    dtype: Annotated[
        str, typer.Argument(metavar="DTYPE", help="BF16, F16, F32, F8_E4M3 …; bf16, float16 too.")
    ],
    select: Select = None,
    on_overflow: Annotated[
        str,
        typer.Option(metavar="WHAT", help="What is too large: error, inf or clamp."),
    ] = "error",
    dequant_blocks: Annotated[
        str | None,
        typer.Option(
            _BLOCKS,
            metavar="[N|ROWSxCOLUMNS]",
            help="Multiply FP8 weights by their scales and drop these; sizes as in config.json, "
            "else 128. Without SELECT the FP8 weights.",
        ),
    ] = None,
    allow_empty: AllowEmpty = False,
    expect: Expect = None,
    *,
    writing: Writing,
    common: Common,
) -> None:
    """Round tensors to another dtype; without SELECT the floating ones."""
    from paramctl.edit import steps

    step = steps.cast(dtype, select or (), on_overflow, allow_empty, expect, dequant_blocks)
    carry_out("cast", model, [step], writing, common)
