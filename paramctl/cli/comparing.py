"""Options of a comparison: what belongs together, when it is equal, what may change."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from contextlib import ExitStack

    from paramctl.diff.diff import Checkpoint
    from paramctl.sources.source import Source

_Selections = list[str] | None


@dataclass(frozen=True)
class Comparing:
    """Which tensors go together, when they are equal, and which changes are violations."""

    mode: Annotated[
        str, typer.Option("--mode", metavar="MODE", help="bits, or value; bits if unset.")
    ] = ""
    atol: Annotated[
        float, typer.Option("--atol", metavar="X", help="Absolute tolerance, by value.")
    ] = 0.0
    rtol: Annotated[
        float, typer.Option("--rtol", metavar="X", help="Relative tolerance, by value.")
    ] = 0.0
    ulp: Annotated[
        int | None,
        typer.Option("--ulp", metavar="N", help="Tolerance in steps of the dtype, by value."),
    ] = None
    allow: Annotated[
        _Selections,
        typer.Option("--allow", metavar="SELECT", help="A change elsewhere is a violation."),
    ] = None
    must_change: Annotated[
        _Selections,
        typer.Option("--must-change", metavar="SELECT", help="No change here is a violation."),
    ] = None
    forbid: Annotated[
        _Selections,
        typer.Option("--forbid", metavar="SELECT", help="A change here is a violation."),
    ] = None
    find_renames: Annotated[
        bool,
        typer.Option(
            "--find-renames/--no-find-renames",
            help="Look for removed tensors under added names, by bytes, then by likeness.",
        ),
    ] = True
    map: Annotated[
        Path | None,
        typer.Option(
            "--map",
            metavar="FILE",
            help="Names in A to names in B, as for rename; or a recipe that lays A out like B.",
        ),
    ] = None

    def laid(self, source: "Source", opened: "ExitStack") -> "tuple[Checkpoint, dict[str, str]]":
        """A laid out like B, and names in B for names in it.

        Args:
            opened: closes the checkpoints that a recipe takes tensors from.

        Raises:
            InputError: the map can't be read.
            UsageError: it concerns no tensor.
        """
        if self.map is None:
            return source, {}
        from paramctl.diff.laid import is_recipe, laid_out
        from paramctl.diff.names_map import names_map

        if is_recipe(self.map):
            return laid_out(source, self.map, opened), {}
        return source, names_map(self.map, source.manifest)

    def arguments(self) -> dict[str, Any]:
        """The same for the library's ``diff``.

        Raises:
            UsageError: the mode is unknown, or the tolerances can't be used.
        """
        from paramctl.diff.gates import Gates
        from paramctl.figures.rule import tolerant

        gates = Gates(
            tuple(self.allow or ()), tuple(self.must_change or ()), tuple(self.forbid or ())
        )
        return {
            "rule": tolerant(self.mode, self.atol, self.rtol, self.ulp),
            "gates": gates,
            "renames": self.find_renames,
        }
