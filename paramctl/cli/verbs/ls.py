"""List tensors: name, dtype, shape, elements, bytes."""

from typing import Annotated

import typer

from paramctl.cli.looking import Inputs, Settings, look
from paramctl.cli.options import AllowEmpty, Common, Expect, ModelOrSpec, Select, verb

GROUP = "Look"


@verb
def run(
    model: ModelOrSpec,
    select: Select = None,
    sort: Annotated[
        str,
        typer.Option(
            "--sort", metavar="ORDER",
            help="name, dtype, shape, numel, nbytes (largest first), shard or file.",
        ),
    ] = "name",
    long: Annotated[bool, typer.Option("--long", "-l", help="Add shard and offsets.")] = False,
    input_: Inputs = None,
    set_: Settings = None,
    allow_empty: AllowEmpty = False,
    expect: Expect = None,
    *,
    common: Common,
) -> None:  # fmt: skip
    """List tensors: name, dtype, shape, elements, bytes."""
    from paramctl.listing.rows import ordered
    from paramctl.report.emit import emit
    from paramctl.report.listed import listed

    with look(
        model,
        select,
        common,
        allow_empty=allow_empty,
        expect=expect,
        inputs=input_,
        settings=set_,
    ) as (target, entries):
        emit(listed(target, ordered(entries, sort), long=long), common)
