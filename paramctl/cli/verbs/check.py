"""Whether a checkpoint is sound: format, index, ties, values."""

from typing import Annotated

import typer

from paramctl.cli.options import Common, Model, verb

GROUP = "Judge"


@verb
def run(
    model: Model,
    values: Annotated[
        bool, typer.Option("--values", help="Also read every number: NaN, Inf, constants.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="A warning fails too.")] = False,
    select: Annotated[
        list[str] | None,
        typer.Option("--select", metavar="RULE", help="Only these rules or groups of rules."),
    ] = None,
    ignore: Annotated[
        list[str] | None, typer.Option("--ignore", metavar="RULE", help="All but these.")
    ] = None,
    fail_fast: Annotated[
        bool, typer.Option("--fail-fast", help="Stop at the first error.")
    ] = False,
    *,
    common: Common,
) -> None:
    """Whether a checkpoint is sound; exit 1 for an error, 3 where it can't be read.

    Examples:
        paramctl check model/
        paramctl check model/ --values --strict
    """
    from paramctl.check.check import check
    from paramctl.report.emit import emit
    from paramctl.report.of_check import check_report

    found = check(
        model,
        values=values,
        select=tuple(select or ()),
        ignore=tuple(ignore or ()),
        fail_fast=fail_fast,
    )
    emit(check_report(found, model), common)
    if not found.is_readable:
        raise typer.Exit(3)
    if not found.ok or (strict and found.count("warning")):
        raise typer.Exit(1)
