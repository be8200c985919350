"""What differs between two checkpoints, and whether it may."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from paramctl.cli.comparing import Comparing
from paramctl.cli.grouped import grouped
from paramctl.cli.options import AllowEmpty, Common, Select, verb
from paramctl.cli.telling import Telling
from paramctl.errors import UsageError

if TYPE_CHECKING:
    from contextlib import ExitStack

    from paramctl.diff.change import Diff
    from paramctl.diff.nothing import Nothing
    from paramctl.sources.source import Source

GROUP = "Judge"
_WITHOUT_NOTES = ("", "tsv", "csv", "names", "jsonl")  # forms that show rows and nothing else


@verb
@grouped("telling", Telling)
@grouped("comparing", Comparing)
def run(
    a: Annotated[str, typer.Argument(metavar="A", help="The checkpoint before.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The checkpoint after.")],
    select: Select = None,
    allow_empty: AllowEmpty = False,
    *,
    comparing: Comparing,
    telling: Telling,
    common: Common,
) -> None:
    """What differs between two checkpoints; exit 0 when nothing does, 1 when something does.

    Equality is of bits: the same NaN is equal, 0.0 and -0.0 are not. By value it is the other
    way round, within the tolerances. With --allow, --must-change or --forbid, exit 1 only
    where one of them is violated.

    \b
    Examples:
        paramctl diff base/ tuned/
        paramctl diff base/ tuned/ --allow '*_proj' --must-change '{q,v}_proj'
        paramctl diff base/ tuned/ --picture
        paramctl diff a.safetensors b.safetensors --mode value --rtol 1e-3 -f md
    """
    from paramctl.report.emit import emit
    from paramctl.report.of_diff import violations

    found, names = _compared(a, b, select or [], allow_empty, comparing, telling, common)
    emit(telling.report(found, names), common)
    if not sys.stdout.isatty() and common.form in _WITHOUT_NOTES:
        sys.stdout.flush()
        for sentence in violations(found):
            print(f"paramctl: {sentence}", file=sys.stderr)
    if found.fails:
        raise typer.Exit(1)


def _compared(
    a: str,
    b: str,
    select: list[str],
    allow_empty: bool,
    comparing: Comparing,
    telling: Telling,
    common: Common,
) -> "tuple[Diff, set[str]]":
    """The diff, and the names of A that were compared."""
    from contextlib import ExitStack

    from paramctl.diff.diff import diff
    from paramctl.diff.matching import chosen_names
    from paramctl.diff.nothing import Nothing
    from paramctl.report.progress import progress

    if a == b == "-":
        raise UsageError("standard input holds one checkpoint, not two")
    rules = comparing.arguments()
    with ExitStack() as stack:
        left, right = (_opened(side, common, stack) for side in (a, b))
        stack.enter_context(progress("comparing", quiet=common.quiet))
        laid, to = (left, {}) if isinstance(left, Nothing) else comparing.laid(left, stack)
        found = diff(
            laid,
            right,
            select,
            **rules,
            to=to,
            figures=not telling.name_only,
            explained=telling.explain,
            ulps=telling.ulps,
            allow_empty=allow_empty,
        )
        left.check_unchanged()
        right.check_unchanged()
        names = chosen_names(laid.manifest, right.manifest, select, allow_empty=True)
        return found, names & set(laid.manifest.names)  # those of B alone are changes


def _opened(model: str, common: Common, stack: "ExitStack") -> "Source | Nothing":
    """One side; nothing where git has no file."""
    from paramctl.cli.reading import opened
    from paramctl.diff.nothing import Nothing, is_nothing

    return Nothing() if is_nothing(model) else stack.enter_context(opened(model, common))
