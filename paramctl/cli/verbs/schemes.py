"""List every initializer: formula, options, defaults, source."""

import math
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paramctl.cli.options import Common, verb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paramctl.init.base import Initializer
    from paramctl.init.catalog import Description
    from paramctl.report.report import Report
    from paramctl.report.screen import Screen

GROUP = "Learn"
_FIGURES = ("fan_in", "fan_out", "bound", "std")


@verb
def run(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="One of them, with options if you like.")
    ] = None,
    shape: Annotated[
        str | None,
        typer.Option("--shape", metavar="SHAPE", help="Its fans, bound and std there: 256x20."),
    ] = None,
    axes: Annotated[
        str | None,
        typer.Option(
            "--axes", metavar="ROLES", help="Roles of the shape's axes: 'out in' if unset."
        ),
    ] = None,
    *,
    common: Common,
) -> None:
    """Show the initializers that `init` and specs can use."""
    from paramctl.init.axes import parse_axes, parse_shape, usual_axes
    from paramctl.init.base import INITIALIZERS
    from paramctl.init.catalog import describe, describe_all
    from paramctl.init.scheme import parse_scheme
    from paramctl.report.emit import emit

    one = parse_scheme(name) if name and name not in INITIALIZERS else None
    pieces = [describe(_name_of(name, one))] if name else describe_all()
    sizes = parse_shape(shape) if shape else None
    roles = parse_axes(axes) if axes else usual_axes(len(sizes or ()))
    rows = [_row(piece, one, sizes, roles) for piece in pieces]
    if sizes is not None:
        _say_without_fans(pieces, sizes, roles, common)
    emit(_report(pieces, rows, is_detailed=name is not None, has_shape=sizes is not None), common)


def _name_of(name: str, one: "Initializer | None") -> str:
    return name if one is None else name.partition("(")[0].strip()


def _row(
    piece: "Description",
    one: "Initializer | None",
    shape: tuple[int, ...] | None,
    axes: tuple[str, ...],
) -> dict[str, Any]:
    """One initializer as JSON has it; the figures only where a shape is given."""
    options = {
        option.name: getattr(one, option.name) if one else _default(option)
        for option in piece.options
    }
    row: dict[str, Any] = {
        "name": piece.name,
        "formula": piece.formula,
        "options": options,
        "source": piece.source,
        "aliases": list(piece.aliases),
        "summary": piece.summary,
    }
    if shape is not None:
        row.update(_figures(piece, one, shape, axes))
    return row


def _default(option: Any) -> Any:
    return None if option.is_required else option.default


def _figures(
    piece: "Description",
    one: "Initializer | None",
    shape: tuple[int, ...],
    axes: tuple[str, ...],
) -> dict[str, Any]:
    """Fans, bound and standard deviation; ``None`` where the scheme has none for the shape."""
    from paramctl.errors import UsageError
    from paramctl.init.axes import fans
    from paramctl.init.base import INITIALIZERS

    found: dict[str, Any] = dict.fromkeys(_FIGURES)
    scheme = INITIALIZERS[piece.name]
    try:
        if scheme.needs_fans:
            found["fan_in"], found["fan_out"] = fans(shape, axes)
        made = one or scheme.make(piece.name, (), {})
        moments = made.moments(shape, axes)
    except UsageError:
        if one is not None:
            raise
        return found
    if moments is not None:
        bound = max(abs(moments.low), abs(moments.high))
        found["bound"] = bound if math.isfinite(bound) else None
        found["std"] = moments.std
    return found


def _say_without_fans(
    pieces: "list[Description]", shape: tuple[int, ...], axes: tuple[str, ...], common: Common
) -> None:
    """Why figures are missing, where some scheme needs fans that the shape does not have."""
    from paramctl.errors import UsageError
    from paramctl.init.axes import fans
    from paramctl.init.base import INITIALIZERS

    if any(INITIALIZERS[piece.name].needs_fans for piece in pieces):
        try:
            fans(shape, axes)
        except UsageError as error:
            common.say(f"note: no figures where fans are used: {error.problem}")


def _report(
    pieces: "list[Description]", rows: list[dict[str, Any]], *, is_detailed: bool, has_shape: bool
) -> "Report":
    from paramctl.report.report import Column, Report

    columns = [Column("name", "name"), Column("formula"), Column("options"), Column("source")]
    keys = ["name", "formula", "options", "source"]
    if has_shape:
        columns[2:] = [Column(name, "number", missing="-") for name in _FIGURES]
        keys[2:] = list(_FIGURES)
    cells = [[_written(row[key]) if key == "options" else row[key] for key in keys] for row in rows]

    def text(_: "Screen") -> "Iterator[str]":
        for piece, row in zip(pieces, rows, strict=True):
            yield from _details(piece, row)

    return Report(
        "schemes", tuple(columns), cells, {"schemes": rows}, "schemes",
        text=text if is_detailed else None,
    )  # fmt: skip


def _written(options: dict[str, Any]) -> str:
    return ", ".join(
        name
        if value is None
        else f"{name}={value!r}"
        if isinstance(value, float)
        else f"{name}={value}"
        for name, value in options.items()
    )


def _details(piece: "Description", row: dict[str, Any]) -> "Iterator[str]":
    """One initializer in full, for a person."""
    yield f"{piece.name}: {piece.summary}"
    yield f"    {piece.formula}"
    if piece.notes:
        yield piece.notes
    for option in piece.options:
        value = row["options"][option.name]
        shown = "required" if value is None else f"default {option.default}"
        shown = shown if value == _default(option) else f"here {value}"
        yield f"  {option.name} ({shown}): {option.meaning}"
    for name in _FIGURES:
        if row.get(name) is not None:
            yield f"  {name}: {row[name]:.9g}"
    if piece.aliases:
        yield f"also: {', '.join(piece.aliases)}"
    yield f"source: {piece.source}"
