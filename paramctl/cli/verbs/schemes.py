"""List every initializer: formula, options, defaults, source."""

import math
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paramctl.cli.options import Common, verb
from paramctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    from paramctl.init.catalog import describe, describe_all
    from paramctl.report.emit import emit

    if axes and not shape:
        raise UsageError("--axes is for the axes of --shape", hint="--shape 768x2304")
    pieces = [describe(name)] if name else describe_all()
    sizes = parse_shape(shape) if shape else None
    roles = parse_axes(axes) if axes else usual_axes(len(sizes or ()))
    rows = [_row(piece) for piece in pieces]
    if sizes is not None:
        for piece, row in zip(pieces, rows, strict=True):
            row.update(_figures(piece, sizes, roles, is_asked=name is not None))
        if not name or any(piece.made and piece.made.needs_fans for piece in pieces):
            _say_of_fans(sizes, roles, common)
    emit(_report(pieces, rows, is_detailed=bool(name), has_shape=sizes is not None), common)


def _row(piece: "Description") -> dict[str, Any]:
    """One scheme as JSON has it."""
    return {
        "name": piece.name,
        "formula": piece.formula,
        "options": {option.name: _value(piece, option) for option in piece.options},
        "source": piece.source,
        "aliases": list(piece.aliases),
        "summary": piece.summary,
    }


def _value(piece: "Description", option: Any) -> Any:
    """What an option is here: as given, else its default, ``None`` where it has none."""
    if piece.made is not None:
        return getattr(piece.made, option.name)
    return None if option.is_required else option.default


def _figures(
    piece: "Description", shape: tuple[int, ...], axes: tuple[str, ...], *, is_asked: bool
) -> dict[str, Any]:
    """Fans, bound and standard deviation; ``None`` where the scheme has none for the shape."""
    from paramctl.init.axes import fans_of_layers

    found: dict[str, Any] = dict.fromkeys(_FIGURES)
    if piece.made is None:
        return found
    try:
        if piece.made.needs_fans:
            fans = zip(*fans_of_layers(shape, axes), strict=True)
            for side, values in zip(("fan_in", "fan_out"), fans, strict=True):
                found[side] = values[0] if len(set(values)) == 1 else None
        moments = piece.made.moments(shape, axes)
    except UsageError:
        if is_asked:
            raise
        return found
    if moments is not None:
        bound = max(abs(moments.low), abs(moments.high))
        found["bound"] = bound if math.isfinite(bound) else None
        found["std"] = moments.std
    return found


def _say_of_fans(shape: tuple[int, ...], axes: tuple[str, ...], common: Common) -> None:
    """Why figures are missing: fans that are not known, or that layers in one tensor differ in."""
    from paramctl.init.axes import fans_of_layers

    try:
        each = fans_of_layers(shape, axes)
    except UsageError as error:
        common.say(f"note: no figures where fans are used: {error.problem}")
        return
    kinds = list(dict.fromkeys(each))
    if len(kinds) > 1:
        listed = ", ".join(f"{both.fan_in} to {both.fan_out}" for both in kinds)
        common.say(f"note: its layers have fans of their own: {listed}; bound is the widest one's")


def _report(
    pieces: "list[Description]", rows: list[dict[str, Any]], *, is_detailed: bool, has_shape: bool
) -> "Report":
    from paramctl.report.report import Column, Report
    from paramctl.report.screen import screen
    from paramctl.report.wrapping import wrapped

    columns = [Column("name", "name"), Column("formula"), Column("options"), Column("source")]
    if has_shape:
        columns[2:] = [Column(name, "number", missing="-") for name in _FIGURES]
    cells = [
        [_written(row[column.name]) if column.name == "options" else row[column.name]
         for column in columns]
        for row in rows
    ]  # fmt: skip

    def text(target: "Screen") -> "Iterator[str]":
        for piece, row in zip(pieces, rows, strict=True):
            for line, indent in (_details if is_detailed else _listed)(piece, row):
                yield from wrapped(line, indent, target)

    target = screen()
    is_narrow = target.is_terminal and target.width < _width(cells)
    return Report(
        "schemes", tuple(columns), cells, {"schemes": rows}, "schemes",
        text=text if is_detailed or is_narrow else None,
    )  # fmt: skip


def _width(cells: list[list[Any]]) -> int:
    """About how many columns a table of these cells takes."""
    return sum(max(len(str(cell)) for cell in column) + 3 for column in zip(*cells, strict=True))


def _written(options: dict[str, Any]) -> str:
    return ", ".join(
        name if value is None else f"{name}={value}" for name, value in options.items()
    )


def _listed(piece: "Description", row: dict[str, Any]) -> "Iterator[tuple[str, str]]":
    """One scheme in a few lines, each with how its continuation is indented."""
    yield piece.name + (f"({_written(row['options'])})" if row["options"] else ""), "    "
    yield f"    {piece.formula}", "      "
    figures = [f"{name} {row[name]:.6g}" for name in _FIGURES if row.get(name) is not None]
    last = ", ".join(figures) if "std" in row else piece.source
    if last:
        yield f"    {last}", "      "


def _details(piece: "Description", row: dict[str, Any]) -> "Iterator[tuple[str, str]]":
    """One scheme in full, as lines with the indent of their continuation."""
    yield f"{piece.name}: {piece.summary}", "  "
    yield f"    {piece.formula}", "      "
    for note in piece.notes.splitlines():
        yield note, ""
    for option in piece.options:
        value = row["options"][option.name]
        is_given = piece.made is not None and value != option.default
        default = "required" if option.is_required else f"default {option.default}"
        shown = f"here {value}" if is_given else default
        yield f"  {option.name} ({shown}): {option.meaning}", "    "
    for name in _FIGURES:
        if row.get(name) is not None:
            yield f"  {name}: {row[name]:.9g}", ""
    if piece.aliases:
        yield f"also: {', '.join(piece.aliases)}", "  "
    if piece.source:
        yield f"source: {piece.source}", "  "
