"""Re-initialize tensors of a checkpoint, or make a new checkpoint from a spec."""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from paramctl.cli.options import AllowEmpty, Common, Expect, ModelOrSpec, Select, verb
from paramctl.cli.writing import Writing, finish, writes
from paramctl.errors import UsageError
from paramctl.names import show

if TYPE_CHECKING:
    from paramctl.edit.init_choice import Choice
    from paramctl.edit.plan import Plan, Step

GROUP = "Change"


Schemes = Annotated[
    list[str] | None,
    typer.Option(
        "--scheme",
        metavar="[SELECT=]SCHEME",
        help="A scheme, such as xavier or 'normal(std=0.02)', or 'expr: …'; with a selection "
        "in front it is for those tensors. The last match wins; see `paramctl schemes`.",
    ),
]
Seed = Annotated[
    int,
    typer.Option("--seed", metavar="N", help="0 to 2**64 - 1; the same seed, the same values."),
]
Bias = Annotated[
    str | None,
    typer.Option(
        "--bias",
        metavar="SCHEME|keep|default",
        help="What biases get under a scheme without a selection; zeros when left out.",
    ),
]
Axes = Annotated[
    list[str] | None,
    typer.Option(
        "--axes",
        metavar="SELECT=ROLES",
        help="Which axis is what: 'h.0.attn.c_attn.weight=in out'; also spatial, expert.",
    ),
]
Inputs = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        metavar="NAME=SHAPE",
        help="With a SPEC: an input, to find open sizes: x=2x20.",
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="With a SPEC: override a config name."),
]
Explain = Annotated[
    bool, typer.Option("--explain", help="Print which rule chose what for each tensor.")
]


@verb
@writes
def run(
    model: ModelOrSpec,
    select: Select = None,
    scheme: Schemes = None,
    seed: Seed = 0,
    bias: Bias = None,
    axes: Axes = None,
    input_: Inputs = None,
    set_: Settings = None,
    explain: Explain = False,
    allow_empty: AllowEmpty = False,
    expect: Expect = None,
    *,
    writing: Writing,
    common: Common,
) -> None:
    """Draw the selected tensors of MODEL anew, or all tensors of a SPEC into a new checkpoint.

    Each tensor has a random stream of its own, by the seed and its name.

    A scheme without a selection is for tensors of rank 2 and more: biases follow --bias, norms
    take their default. Where only tensors of rank below 2 are selected, it is for them.
    """
    from paramctl.binding.words import is_spec
    from paramctl.edit import steps
    from paramctl.edit.init_choice import Choice

    choices: list[Choice] = []
    step = steps.init(
        select or (), scheme or (), seed, bias, axes or (), allow_empty, expect, tell=choices.append
    )
    with ExitStack() as open_files:
        if is_spec(model):
            made = _fresh(model, step, input_ or (), set_ or (), writing)
        else:
            writing.refuse_no_place()
            made = _again(model, step, [*(input_ or ()), *(set_ or ())], open_files)
            _warn_of_the_rest(step, choices, common)
        if explain:
            _explain(choices, common)
        if common.verbose:
            _list(choices, common)
        finish("init", made, writing, common)


def _fresh(
    spec: str, step: "Step", inputs: Sequence[str], settings: Sequence[str], writing: Writing
) -> "Plan":
    """The plan of a new checkpoint from a spec."""
    from paramctl.cli.forms import config_overrides, input_forms
    from paramctl.edit.init_fresh import plan_fresh, sized_model
    from paramctl.spec.load import load_spec

    if writing.in_place:
        raise UsageError("a spec is not written in place", hint="-o OUT writes a new checkpoint")
    loaded = load_spec(spec, overrides=config_overrides(settings))
    return plan_fresh(loaded, sized_model(loaded, input_forms(loaded, inputs)), step)


def _again(model: str, step: "Step", extra: Sequence[str], open_files: ExitStack) -> "Plan":
    """The plan of an existing checkpoint."""
    from paramctl.edit.plan import plan
    from paramctl.sources.open import open_source

    if extra:
        raise UsageError("--input and --set are for a SPEC; MODEL has its shapes")
    return plan(open_files.enter_context(open_source(model)), [step])


def _warn_of_the_rest(step: "Step", choices: "list[Choice]", common: Common) -> None:
    """Say it where rules are for some tensors, and no SELECT keeps the others as they are."""
    from paramctl.edit.init import Init

    assert isinstance(step.edit, Init)
    selects = [rule.select for rule in step.edit.rules]
    rest = sum(not choice.is_by_rule for choice in choices)
    if step.selections or not selects or None in selects or not rest:
        return
    others = (
        "other tensor takes its default"
        if rest == 1
        else (f"other {rest} tensors take their defaults")
    )
    common.say(f"warning: the {others}")
    named = " ".join(f"'{show(select or '')}'" for select in dict.fromkeys(selects))
    common.say(f"hint: a SELECT leaves them as they are: paramctl init MODEL {named} --scheme …")


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
