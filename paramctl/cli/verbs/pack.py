"""Make a checkpoint from arrays."""

from typing import Annotated

import typer

from paramctl.cli.options import Common, verb
from paramctl.cli.writing import Writing, finish, writes_anew

GROUP = "Change"


@verb
@writes_anew
def run(
    array: Annotated[
        list[str], typer.Argument(metavar="NAME=FILE.npy", help="A tensor's name and its array.")
    ],
    *,
    writing: Writing,
    common: Common,
) -> None:
    """Make a checkpoint from arrays."""
    from paramctl.edit.pack import parse_array, plan_pack

    finish("pack", plan_pack([parse_array(text) for text in array]), writing, common)
