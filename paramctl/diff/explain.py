"""What kind of change a tensor went through, in a few words."""

from paramctl.diff.relaid import is_transposed, same_elements
from paramctl.diff.rows import appended_rows, moved_columns, moved_rows
from paramctl.diff.sides import Sides
from paramctl.diff.sketch import Sketch, mantissa
from paramctl.figures.comparison import Comparison
from paramctl.figures.pieces import Readable, size_of
from paramctl.manifest import Entry

_SPARSE = 0.01  # share of the elements


def explain(a: Readable, before: Entry, b: Readable, after: Entry) -> str:
    """A few words such as ``rank 16``, ``3 of 30,522 rows`` or ``scaled by 0.5``; often none.

    Several of them may hold: they are joined by commas. Rows or columns in another order explain
    all, and so does a square matrix that was transposed.
    """
    if moved := moved_rows(a, before, b, after):
        return f"{moved:,} of {before.shape[0]:,} rows in another order"
    if is_transposed(a, before, b, after):
        return "transposed"
    if moved := moved_columns(a, before, b, after):
        width = size_of(before) // int(before.shape[0] or 1)
        return f"{moved:,} of {width:,} columns in another order"
    sides = Sides(a, before, b, after)
    if not sides.are_floats:
        return ""
    sketch = Sketch(sides)
    if sketch.low == sketch.high:
        return "now all zero" if not sketch.low else f"now {sketch.low:g} everywhere"
    if sketch.rounded:
        return f"rounded to {sketch.rounded[0]}"
    if zeroed := _zeroed(sketch):
        return zeroed
    where = _where(sketch)
    if where.endswith("elements"):
        return where
    return ", ".join(filter(None, (where, _how(sketch, is_everywhere=not where))))


def _zeroed(sketch: Sketch) -> str:
    """Which rows or columns are zeros now, where that is all."""
    rows, columns = sketch.zeroed()
    if 0 < rows == sketch.changed_rows:
        return f"{rows:,} of {sketch.sides.rows:,} rows now zero"
    if 0 < columns == sketch.changed_columns:
        return f"{columns:,} of {sketch.sides.width:,} columns now zero"
    return ""


def _where(sketch: Sketch) -> str:
    """Which rows, columns or elements changed, where that is a part of them."""
    rows, width = sketch.sides.rows, sketch.sides.width
    by_row = sketch.changed_rows * width, f"{sketch.changed_rows:,} of {rows:,} rows"
    by_column = sketch.changed_columns * rows, f"{sketch.changed_columns:,} of {width:,} columns"
    fewest, words = min(by_row, by_column)
    size = rows * width
    if 0 < sketch.changed <= min(_SPARSE * size, fewest / 2):
        return f"{sketch.changed:,} of {size:,} elements"
    return words if min(rows, width) > 1 and 0 < fewest <= size // 2 else ""


def _how(sketch: Sketch, *, is_everywhere: bool) -> str:
    """What was done to the numbers: the simplest that gives b."""
    digits = 6 if mantissa(sketch.sides.after.dtype) > 10 else 4
    if (factor := sketch.factor()) is not None:
        return f"scaled by {factor:.{digits}g}"
    if shift := sketch.shift():
        return f"{shift:.{digits}g} added"
    if (rank := sketch.rank()) and rank < min(sketch.changed_rows, sketch.changed_columns):
        return f"rank {rank}"
    if axis := sketch.own_factors():
        return f"each {axis} scaled"
    return "uncorrelated" if is_everywhere and sketch.is_uncorrelated() else ""


def explain_sparse(figures: Comparison) -> str:
    """Whether only a few elements differ: ``3 of 147,456 elements``; or nothing."""
    differing, numel = figures.differing or 0, figures.numel
    return f"{differing:,} of {numel:,} elements" if 0 < differing <= _SPARSE * numel else ""


def explain_shape(a: Readable, before: Entry, b: Readable, after: Entry) -> str:
    """Whether the same bytes have another shape, or rows came or went at the end; or nothing.

    The answers are ``2 rows appended``, ``the last 2 rows dropped``, ``transposed``, and
    ``the same bytes``.
    """
    more = appended_rows(a, before, b, after)
    if not more:
        return same_elements(a, before, b, after)
    rows = f"{abs(more):,} row{'s' * (abs(more) != 1)}"
    return f"{rows} appended" if more > 0 else f"the last {rows} dropped"
