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
        str | None,
        typer.Option("--by", metavar="module|layer", help="One row per module, or per layer."),
    ] = None,
    quantiles: Annotated[
        str | None,
        typer.Option("--quantiles", metavar="P,…", help="Exact quantiles: 0.01,0.5,0.99."),
    ] = None,
    spectral: Annotated[
        int | None,
        typer.Option(
            "--spectral", metavar="K", help="The K largest singular values, and the stable rank."
        ),
    ] = None,
    outliers: Annotated[
        bool,
        typer.Option(
            "--outliers", help="How unlike the same tensor of other layers, by a robust score."
        ),
    ] = False,
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
        paramctl stats model/ --by layer --outliers
        paramctl stats model/ 'ndim:2' --quantiles 0.001,0.5,0.999 --spectral 4
    """
    from paramctl.cli.reading import opened, with_values
    from paramctl.figures.extras import Wishes
    from paramctl.figures.survey import Survey
    from paramctl.report.emit import emit
    from paramctl.report.of_stats import stats_report
    from paramctl.report.progress import progress

    survey = Survey.parse(where=where, by=by, histograms=hist)
    wishes = Wishes.parse(quantiles=quantiles, spectral=spectral, outliers=outliers, by=by)
    with opened(model, common) as source:
        entries = with_values(source, select or (), allow_empty, expect)
        with progress("reading", quiet=common.quiet):
            rows = survey.rows(source, entries)
            found = survey.finish(source, rows)
            extras = wishes.fulfil(source, rows, [row[:2] for row in found])
        source.check_unchanged()
    for entry, figures, _ in found:
        if figures.note:
            common.say(f"warning: {entry.name}: {figures.note}")
    emit(stats_report(found, has_histograms=hist, extras=extras), common)
