"""Statistics of tensors: min, max, mean, std, absmax, l2, zeros, nan, inf."""

from paramctl.cli.grouped import grouped
from paramctl.cli.options import AllowEmpty, Common, Expect, Model, Select, verb
from paramctl.cli.surveying import Surveying
from paramctl.names import show

GROUP = "Judge"


@verb
@grouped("surveying", Surveying)
def run(
    model: Model,
    select: Select = None,
    allow_empty: AllowEmpty = False,
    expect: Expect = None,
    *,
    surveying: Surveying,
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
    from paramctl.report.emit import emit
    from paramctl.report.of_stats import stats_report
    from paramctl.report.progress import progress

    survey, wishes = surveying.survey, surveying.wishes
    with opened(model, common) as source:
        entries = with_values(source, select or (), allow_empty, expect)
        with progress("reading", quiet=common.quiet):
            rows = survey.rows(source, entries)
            found = survey.finish(source, rows)
            extras = wishes.fulfil(source, rows, [row[:2] for row in found])
        source.check_unchanged()
    for entry, figures, _ in found:
        if figures.note:
            common.say(f"warning: {show(entry.name)}: {figures.note}")
    emit(stats_report(found, has_histograms=surveying.hist, extras=extras), common)
