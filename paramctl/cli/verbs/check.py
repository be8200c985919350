"""Whether a checkpoint is sound: format, index, ties, values."""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from paramctl.cli.grouped import grouped
from paramctl.cli.options import Model, verb
from paramctl.cli.ruling import Findings, Ruling
from paramctl.errors import UsageError

if TYPE_CHECKING:
    from paramctl.sources.source import Source

GROUP = "Judge"
_NAMING = {"model_type", "architecture"}  # what a config.json calls its model; the latter is timm's


@functools.partial(verb, kind=Findings)
@grouped("ruling", Ruling)
def run(
    model: Model = "",
    spec: Annotated[
        str | None,
        typer.Option(
            "--spec", metavar="SPEC", help="Whether it fits this spec, not only its config.json."
        ),
    ] = None,
    rules: Annotated[
        bool, typer.Option("--rules", help="Tell every rule there is, and check nothing.")
    ] = False,
    *,
    ruling: Ruling,
    common: Findings,
) -> None:
    """Whether a checkpoint is sound; exit 1 for an error, 3 where it can't be read.

    \b
    Examples:
        paramctl check model/
        paramctl check model/ --values --strict
        paramctl check mlp.safetensors --spec mlp.yaml
        paramctl check model/ --expect rules.yaml
        paramctl check model/ --values -f sarif > check.sarif

    \b
    RULES is a list; each rule may have any of these:
        - select: '*_proj.weight'    # or a list; every tensor if left out
          count: 48                  # or 1..4, 1.., ..4
          dtype: [BF16, F16]
          shape: [384, any]
          where: absmax < 10 and nan == 0
          severity: warning          # error if left out
          hint: what to do about it
    """
    from paramctl.check.check import check
    from paramctl.check.rule import all_rules
    from paramctl.report.emit import emit
    from paramctl.report.of_check import check_report
    from paramctl.report.of_rules import rules_report
    from paramctl.report.progress import progress

    if rules:
        emit(rules_report(all_rules()), common)
        return
    if not model:
        raise UsageError("Missing argument 'MODEL'", hint="run `paramctl check -h`")
    with progress("reading", quiet=common.quiet):
        found = check(model, bind=_binder(spec), **ruling.arguments())
    emit(check_report(found, model, strict=ruling.strict), common)
    if not found.is_readable:
        raise typer.Exit(3)
    if not found.ok or (ruling.strict and found.count("warning")):
        raise typer.Exit(1)


def _binder(spec: str | None) -> "Callable[[Source], object]":
    """Binds a checkpoint to a spec, or to the family that its config names, if it is known."""

    def bind(source: "Source") -> object:
        if spec is None and not _NAMING & (source.config or {}).keys():
            return None
        from paramctl.binding.model import family_binding, known_binding

        return family_binding(source) if spec is None else known_binding(source, spec)

    return bind
