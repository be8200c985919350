"""Swap the last two axes of tensors."""

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
    allow_empty: AllowEmpty = False,
    expect: Expect = None,
    *,
    writing: Writing,
    common: Common,
) -> None:
    """Swap the last two axes of the selected tensors, as between a Linear and GPT-2's Conv1D."""
    from paramctl.edit import steps

    step = steps.transpose(select, allow_empty, expect)
    carry_out("transpose", model, [step], writing, common)
