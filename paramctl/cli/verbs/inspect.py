"""Show what a model is: totals, dtypes, ties, and its tree with layers collapsed."""

from paramctl.cli.looking import Inputs, Settings, look
from paramctl.cli.options import AllowEmpty, Common, Expect, ModelOrSpec, Select, verb

GROUP = "Look"


@verb
def run(
    model: ModelOrSpec,
    select: Select = None,
    input_: Inputs = None,
    set_: Settings = None,
    allow_empty: AllowEmpty = False,
    expect: Expect = None,
    *,
    common: Common,
) -> None:
    """Show what a model is: totals, dtypes, ties, and its tree with layers collapsed."""
    from paramctl.listing.inspection import inspect
    from paramctl.report.emit import emit
    from paramctl.report.inspected import inspected

    with look(
        model,
        select,
        common,
        allow_empty=allow_empty,
        expect=expect,
        inputs=input_,
        settings=set_,
    ) as (target, entries):
        emit(inspected(target, entries, inspect(target.manifest, entries)), common)
