"""A run as a report: its outputs, a row per module or per gradient, and what was found."""

from typing import Any

from paramctl.names import show
from paramctl.report.report import Branch, Column, Report
from paramctl.report.values import number_text, shape_text
from paramctl.run.gradients import Gradient
from paramctl.run.held import HeldArray
from paramctl.run.lockstep import Parting
from paramctl.run.request import Result

MOST_VALUES = 1000
_FEW = 16
_OUTPUTS = (
    Column("name", "name"),
    Column("dtype", "dtype"),
    Column("shape", "shape"),
    *(Column(name, "number", "-") for name in ("min", "max", "mean", "std")),
    Column("nan", "count"),
    Column("inf", "count"),
    Column("digest"),
)
_TRACE = (
    Column("module", "name"),
    Column("shape", "shape", "-"),
    *(Column(name, "number", "-") for name in ("mean", "std", "absmax")),
    Column("nan", "count"),
    Column("inf", "count"),
    Column("seconds", "seconds"),
)
_TIME = Column("time", "seconds")  # with its unit, on a terminal
_GRADIENTS = (
    Column("name", "name"),
    Column("l2", "number", "none"),
    Column("absmax", "number", "none"),
    Column("flag"),
)


def run_report(result: Result) -> Report:
    """The report of a run: gradients, else the trace, else the outputs as its rows."""
    columns, rows, key = _table(result)
    tree = _trees(rows, key)
    outputs = {name: _output(held) for name, held in result.outputs.items()}
    payload: dict[str, Any] = {"device": result.device, "outputs": outputs}
    if result.trace is not None:
        names = [column.name for column in _TRACE]
        payload["trace"] = [dict(zip(names, row, strict=True)) for row in _trace_rows(result)]
    if result.gradients is not None:
        payload["gradients"] = {
            name: None if found is None else _gradient(found)
            for name, found in result.gradients.items()
        }
    if result.difference is not None:
        payload["first_difference"] = _difference(result.difference)
    if not result.is_finite:
        payload["first_nonfinite"] = _nonfinite(result)
    return Report(
        verb="forward",
        branches=tree,
        branch_columns=columns[:-1] if key == "outputs" else (*columns[:-1], _TIME),
        is_tree=bool(tree),
        optional=("inf", "nan", "mean") if result.is_finite else ("mean", "std"),
        columns=columns,
        rows=rows,
        payload=payload,
        rows_key=key,
        title=[]
        if key == "outputs"
        else [_line(name, one) for name, one in result.outputs.items()],
        notes=_notes(result) if key == "outputs" else [],
    )


def _gradient(found: Gradient) -> dict[str, Any]:
    told: dict[str, Any] = {"l2": found.l2, "absmax": found.absmax}
    return {**told, "flag": found.flag} if found.flag else told


def findings(result: Result) -> list[str]:
    """What went wrong in a run, in sentences."""
    told = []
    found = result.nan or result.inf
    if not result.is_finite and found is not None:
        what = "NaN" if result.nan else "Inf"
        told.append(f"{what} first appears in {_place(found.module, found.type_name)}: "
                    f"{found.nan:,} NaN, {found.inf:,} Inf")  # fmt: skip
        if found.in_input:
            told = [f"the input holds {found.nan:,} NaN, {found.inf:,} Inf"]
        elif found.parameters:
            told[-1] += f"; its {' and '.join(found.parameters)} holds such values"
    elif not result.is_finite:
        told.append("an output is not finite")
    if result.difference is not None:
        told.append(_parting(result.difference))
    return told


def agreement(result: Result, tolerance: float) -> str:
    """What a comparison says that found no difference."""
    if result.compared == 1:
        return f"the output agrees within {tolerance:g}"
    return f"all {result.compared} outputs agree within {tolerance:g}"


def _parting(found: Parting) -> str:
    where = _place(found.module, found.type_name)
    if found.max_abs is None:
        return f"first difference in {where}: {found.note}"
    a, b = number_text(found.a), number_text(found.b)
    return f"first difference in {where}: {a} and {b}, {number_text(found.max_abs)} apart"


def _place(module: str, type_name: str) -> str:
    kind = f" ({type_name})" if type_name else ""
    return f"{show(module) or 'the model itself'}{kind}"


def _table(result: Result) -> tuple[tuple[Column, ...], list[tuple[Any, ...]], str]:
    if result.gradients is not None:
        rows = [
            (name, None, None, "dead")
            if found is None
            else (name, found.l2, found.absmax, found.flag)
            for name, found in result.gradients.items()
        ]
        return _GRADIENTS, rows, "gradients"
    if result.trace is not None:
        return _TRACE, [(row[0] or ".", *row[1:]) for row in _trace_rows(result)], "trace"
    keys = [column.name for column in _OUTPUTS]
    outputs = {name: {"name": name, **_output(held)} for name, held in result.outputs.items()}
    return _OUTPUTS, [tuple(one[key] for key in keys) for one in outputs.values()], "outputs"


def _trees(rows: list[tuple[Any, ...]], key: str) -> list[Branch]:
    """What a terminal gets: outputs without their digests, calls below the calls around them."""
    if key == "outputs":
        return [Branch(row[:-1]) for row in rows]
    return _nested(rows) if key == "trace" else []


def _nested(rows: list[tuple[Any, ...]]) -> list[Branch]:
    tops: list[Branch] = []
    around = [("", tops)]
    for path, *rest in rows:
        while not path.startswith(around[-1][0]):
            around.pop()
        beginning, siblings = around[-1]
        inner: list[Branch] = []
        siblings.append(Branch((path.removeprefix(beginning), *rest), inner))
        around.append(("" if path == "." else f"{path}.", inner))
    return tops


def _trace_rows(result: Result) -> list[tuple[Any, ...]]:
    return [
        (row.module, row.shape, row.mean, row.std, row.absmax, row.nan, row.inf, row.seconds)
        for row in result.trace or ()
    ]


def _output(held: HeldArray) -> dict[str, Any]:
    figures = held.figures
    found: dict[str, Any] = {
        "shape": held.entry.shape,
        "dtype": held.entry.dtype,
        "digest": held.digest,
        "min": figures.minimum,
        "max": figures.maximum,
        "mean": figures.mean,
        "std": figures.std,
        "nan": figures.nan,
        "inf": figures.inf,
    }
    if held.numel <= MOST_VALUES:
        found["values"] = held.values
    return found


def _difference(found: Parting) -> dict[str, Any]:
    told = {"module": found.module, "max_abs": found.max_abs, "a": found.a, "b": found.b}
    return {**told, "note": found.note} if found.note else told


def _nonfinite(result: Result) -> dict[str, Any] | None:
    found = result.nan or result.inf
    if found is None:
        return None
    return {
        "module": found.module,
        "nan": found.nan,
        "inf": found.inf,
        "parameters": list(found.parameters),
        "in_input": found.in_input,
    }


def _line(name: str, held: HeldArray) -> str:
    found = held.figures
    spread = "" if found.minimum is None else (
        f", {number_text(found.minimum)} to {number_text(found.maximum)}, "
        f"mean {number_text(found.mean)}"
    )  # fmt: skip
    return f"{show(name)}: {held.entry.dtype} {shape_text(held.entry.shape)}{spread}"


def _notes(result: Result) -> list[str]:
    """The digests, too long for a table, and the numbers themselves where they are few."""
    digests = [f"digest of {show(name)}: {held.digest}" for name, held in result.outputs.items()]
    return digests + [
        f"{show(name)} = {_listed(held.values)}"
        for name, held in result.outputs.items()
        if 0 < held.numel <= _FEW
    ]


def _listed(values: Any) -> str:
    if isinstance(values, list):
        return f"[{', '.join(map(_listed, values))}]"
    return number_text(values)
