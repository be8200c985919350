"""Do the steps of a recipe in one pass."""

from pathlib import Path
from typing import Annotated

import typer

from paramctl.cli.options import Common, Model, verb
from paramctl.cli.writing import Writing, announce, finish, planned, report, writes

GROUP = "Change"


def _schema(wanted: bool) -> None:
    """Print the JSON Schema of recipes instead of doing anything."""
    if wanted:
        import json

        from paramctl.edit.recipe_schema import recipe_schema

        print(json.dumps(recipe_schema(), indent=2))
        raise typer.Exit


@verb
@writes
def run(
    recipe: Annotated[
        Path, typer.Argument(metavar="RECIPE", help="A .yaml file with a list of steps.")
    ],
    model: Model,
    check: Annotated[
        bool, typer.Option("--check", help="Only plan the steps, and see that they fit.")
    ] = False,
    schema: Annotated[
        bool,
        typer.Option(
            "--schema",
            is_eager=True,
            callback=_schema,
            help="Print the JSON Schema of recipes, for editors, and exit.",
        ),
    ] = False,
    *,
    writing: Writing,
    common: Common,
) -> None:
    """Do the steps of a recipe in one pass over MODEL.

    A recipe says steps: a list of VERB: {argument or flag: value}, each perhaps with expect: N.
    Beside the verbs that change a MODEL there are steps that take another one in:
    lerp: {from: OTHER, weight: 0.3}, add: {from: OTHER, scale: 1}, sub: {from: OTHER, scale: 1}.
    """
    from contextlib import ExitStack

    from paramctl.edit.recipe import read_recipe
    from paramctl.names import counted
    from paramctl.sources.open import open_source

    with ExitStack() as opened:
        steps = read_recipe(recipe, opened)
        made = planned(opened.enter_context(open_source(model)), steps, common)
        if not check:
            finish("apply", made, writing, common)
            return
        announce(made, common)
        if common.form:
            report("apply", made, None, common, dry_run=True)
        changes = counted(len(made.changes), "change")
        common.say(f"{recipe} fits: {counted(len(steps), 'step')}, {changes}")
