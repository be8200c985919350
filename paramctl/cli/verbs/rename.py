"""Give tensors other names, by rules, a map or a substitution."""

from pathlib import Path
from typing import Annotated

import typer

from paramctl.cli.options import Common, Expect, Model, verb
from paramctl.cli.writing import Writing, carry_out, writes

GROUP = "Change"


@verb
@writes
def run(
    model: Model,
    rule: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RULE",
            help="OLD=NEW with captures {n} (one segment) and {n**} (any number), or "
            "s/REGEX/REPLACEMENT/[g]; applied in order.",
        ),
    ] = None,
    map: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Rules from a .json, .yaml or tab-separated file."),
    ] = None,
    inverse: Annotated[bool, typer.Option("--inverse", help="Apply the rules backwards.")] = False,
    expect: Expect = None,
    *,
    writing: Writing,
    common: Common,
) -> None:
    """Give tensors other names, by rules, a map or a substitution."""
    from paramctl.edit import steps

    step = steps.rename(rule or (), map, inverse, expect)
    carry_out("rename", model, [step], writing, common)
