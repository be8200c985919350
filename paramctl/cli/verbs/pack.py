"""Make a checkpoint from arrays."""

from typing import Annotated

import typer

from paramctl.cli.options import Common, verb
from paramctl.cli.writing import Writing, finish, writes
from paramctl.errors import UsageError

GROUP = "Change"


@verb
@writes
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

    if writing.in_place:
        raise UsageError("a new checkpoint has no place yet", hint="use -o OUT")
    finish("pack", plan_pack([parse_array(text) for text in array]), writing, common)
