"""Re-initialize tensors of a checkpoint, or make a new checkpoint from a spec."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from paramctl.cli.options import AllowEmpty, Common, Expect, ModelOrSpec, Select, verb
from paramctl.cli.writing import Writing, finish, writes
from paramctl.names import show

if TYPE_CHECKING:
    from paramctl.edit.init_choice import Choice

GROUP = "Change"


@verb
@writes
def run(
    model: ModelOrSpec,
    select: Select = None,
    scheme: Annotated[
        list[str] | None,
        typer.Option(
            "--scheme",
            metavar="[SELECT=]SCHEME",
            help="A scheme, such as xavier or 'normal(std=0.02)', or 'expr: …'; with a selection "
            "in front it is for those tensors. The last match wins; see `paramctl schemes`.",
        ),
    ] = None,
    seed: Annotated[
        int,
        typer.Option("--seed", metavar="N", help="0 to 2**64 - 1; the same seed, the same values."),
    ] = 0,
    bias: Annotated[
        str | None,
        typer.Option(
            "--bias",
            metavar="SCHEME|keep|default",
            help="What biases get under a scheme without a selection; zeros when left out.",
        ),
    ] = None,
    axes: Annotated[
        list[str] | None,
        typer.Option(
            "--axes",
            metavar="SELECT=ROLES",
            help="Which axis is what: 'h.0.attn.c_attn.weight=in out'; also spatial, expert.",
        ),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Print which rule chose what for each tensor.")
    ] = False,
    allow_empty: AllowEmpty = False,
    expect: Expect = None,
    *,
    writing: Writing,
    common: Common,
) -> None:
    """Draw the selected tensors of MODEL anew, each from a random stream of its own.

    A scheme without a selection is for tensors of rank 2 and more: biases follow --bias, norms
    take their default. Where only tensors of rank below 2 are selected, it is for them.
    """
    from paramctl.edit.init import Init
    from paramctl.edit.init_choice import Choice
    from paramctl.edit.plan import Step, plan
    from paramctl.init.rules import parse_rule
    from paramctl.sources.open import open_source

    rules = tuple(parse_rule(text) for text in scheme or ())
    choices: list[Choice] = []
    edit = Init(rules, seed, bias, tuple(axes or ()), choices.append)
    step = Step(edit, tuple(select or ()), allow_empty, expect)
    with open_source(model) as source:
        made = plan(source, [step])
        if explain:
            _explain(choices, common)
        if common.verbose:
            _list(choices, common)
        finish("init", made, writing, common)


def _explain(choices: "list[Choice]", common: Common) -> None:
    """Which rule chose what: on stdout, unless the report of the edit goes there."""
    for choice in choices:
        line = "\t".join((show(choice.entry.name), choice.scheme, choice.rule))
        print(line, file=sys.stderr if common.form else sys.stdout)


def _list(choices: "list[Choice]", common: Common) -> None:
    """``Init NAME SHAPE`` for every tensor that a scheme draws."""
    for choice in choices:
        if choice.is_drawn and choice.initializer is not None:
            common.say(f"Init {show(choice.entry.name)} {tuple(choice.entry.shape)}")
