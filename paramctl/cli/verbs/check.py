"""Whether a checkpoint is sound: format, index, ties, values."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from paramctl.cli.options import Common, Model, verb

if TYPE_CHECKING:
    from paramctl.sources.source import Source

GROUP = "Judge"


@verb
def run(
    model: Model,
    spec: Annotated[
        str | None,
        typer.Option(
            "--spec", metavar="SPEC", help="Whether it fits this spec, not only its config.json."
        ),
    ] = None,
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
        paramctl check mlp.safetensors --spec mlp.yaml
    """
    from paramctl.check.check import check
    from paramctl.report.emit import emit
    from paramctl.report.of_check import check_report

    found = check(
        model,
        bind=_binder(spec),
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


def _binder(spec: str | None) -> "Callable[[Source], object]":
    """Binds a checkpoint to a spec, or to the family that its config names, if it is known."""

    def bind(source: "Source") -> object:
        if spec is None and (source.config is None or "model_type" not in source.config):
            return None
        from paramctl.binding.model import known_binding

        return known_binding(source, spec)

    return bind
