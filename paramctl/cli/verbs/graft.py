"""Take tensors from another checkpoint."""

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
        list[str], typer.Argument(metavar="SELECT", help="Selections of OTHER's tensors; a union.")
    ],
    other: Annotated[
        str, typer.Option("--from", metavar="OTHER", help="The checkpoint that they come from.")
    ],
    allow_empty: AllowEmpty = False,
    expect: Expect = None,
    *,
    writing: Writing,
    common: Common,
) -> None:
    """Take tensors from another checkpoint."""
    from paramctl.edit import steps
    from paramctl.sources.open import open_source

    with open_source(other) as source:
        step = steps.graft(select, source, allow_empty, expect)
        carry_out("graft", model, [step], writing, common)
