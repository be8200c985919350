"""Statistics of tensors: min, max, mean, std, absmax, l2, zeros, nan, inf."""

from typing import Annotated

import typer

from paramctl.cli.options import AllowEmpty, Common, Expect, Model, Select, verb

GROUP = "Judge"


@verb
def run(
    model: Model,
    select: Select = None,
    hist: Annotated[bool, typer.Option("--hist", help="A histogram per tensor.")] = False,
    where: Annotated[
        str | None,
        typer.Option(
            "--where",
            metavar="EXPR",
            help="Keep the rows of which an expression holds: 'nan > 0 or absmax > 1e4'.",
        ),
    ] = None,
    by: Annotated[
        str | None, typer.Option("--by", metavar="module", help="One row per module.")
    ] = None,
    allow_empty: AllowEmpty = False,
    expect: Expect = None,
    *,
    common: Common,
) -> None:
    """Statistics of tensors from one pass over their values.

    NaN is left out of the figures, Inf is kept; std is of the population. Aliases are left
    out unless they are named.

    \b
    Examples:
        paramctl stats model/ --where 'nan > 0 or absmax > 1e4'
        paramctl stats model.safetensors '*_proj.weight' --hist
    """
    from paramctl.cli.reading import opened, with_values
    from paramctl.figures.survey import Survey
    from paramctl.report.emit import emit
    from paramctl.report.of_stats import stats_report

    survey = Survey.parse(where=where, by=by, histograms=hist)
    with opened(model, common) as source:
        entries = with_values(source, select or (), allow_empty, expect)
        found = survey.run(source, entries)
        source.check_unchanged()
    for entry, figures, _ in found:
        if figures.note:
            common.say(f"warning: {entry.name}: {figures.note}")
    emit(stats_report(found, has_histograms=hist), common)
