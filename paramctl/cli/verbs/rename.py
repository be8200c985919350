"""Give tensors other names, by rules, a map or a substitution."""

from pathlib import Path
from typing import Annotated

import typer

from paramctl.cli.options import Common, Expect, Model, verb
from paramctl.cli.writing import Writing, carry_out, writes
from paramctl.errors import UsageError

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
    from paramctl.edit.plan import Step
    from paramctl.edit.rename import Rename
    from paramctl.edit.rename_map import read_map
    from paramctl.edit.rename_rules import parse_rule

    if not rule and map is None:
        raise UsageError(
            "no rule is given", hint="a rule is OLD=NEW, as in 'encoder=model.encoder'"
        )
    edit = Rename(
        tuple(parse_rule(text) for text in rule or ()), read_map(map) if map is not None else ()
    )
    step = Step(edit.inverse() if inverse else edit, expect=expect)
    carry_out("rename", model, [step], writing, common)
