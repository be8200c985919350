"""Round tensors to another dtype."""

from typing import Annotated

import typer

from paramctl.cli.options import AllowEmpty, Common, Expect, Model, Select, verb
from paramctl.cli.writing import Writing, carry_out, writes
from paramctl.errors import UsageError

GROUP = "Change"


@verb
@writes
def run(
    model: Model,
    dtype: Annotated[
        str, typer.Argument(metavar="DTYPE", help="BF16, F16, F32, F8_E4M3 …; bf16, float16 too.")
    ],
    select: Select = None,
    on_overflow: Annotated[
        str,
        typer.Option(metavar="WHAT", help="What is too large: error, inf or clamp."),
    ] = "error",
    allow_empty: AllowEmpty = False,
    expect: Expect = None,
    *,
    writing: Writing,
    common: Common,
) -> None:
    """Round tensors to another dtype; without SELECT the floating ones."""
    from paramctl.dtypes import parse_dtype
    from paramctl.edit.cast import Cast
    from paramctl.edit.plan import Step

    if on_overflow not in ("error", "inf", "clamp"):
        raise UsageError(f"--on-overflow takes error, inf or clamp, not '{on_overflow}'")
    edit = Cast(parse_dtype(dtype).name, on_overflow)  # type: ignore[arg-type]
    carry_out(
        "cast", model, [Step(edit, tuple(select or ()), allow_empty, expect)], writing, common
    )
