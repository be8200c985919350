"""Options of a comparison: what belongs together, when it is equal, what may change."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from paramctl.manifest import Manifest

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
            help="Look for the bytes of removed tensors under added names.",
        ),
    ] = True
    map: Annotated[
        Path | None,
        typer.Option("--map", metavar="FILE", help="Names in A to names in B, as for rename."),
    ] = None

    def arguments(self, manifest: "Manifest") -> dict[str, Any]:
        """The same for the library's ``diff``.

        Args:
            manifest: of A, whose names the map translates.

        Raises:
            UsageError: the mode is unknown, or the tolerances can't be used.
        """
        from paramctl.diff.gates import Gates
        from paramctl.diff.names_map import names_map
        from paramctl.figures.rule import tolerant

        gates = Gates(
            tuple(self.allow or ()), tuple(self.must_change or ()), tuple(self.forbid or ())
        )
        return {
            "rule": tolerant(self.mode, self.atol, self.rtol, self.ulp),
            "gates": gates,
            "renames": self.find_renames,
            "to": names_map(self.map, manifest) if self.map else None,
        }
