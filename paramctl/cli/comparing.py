"""Options of a comparison: when values are equal, and what may change."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from paramctl.diff.gates import Gates
    from paramctl.figures.rule import Rule

_Selections = list[str] | None


@dataclass(frozen=True)
class Comparing:
    """When two checkpoints count as equal, and which changes are violations."""

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

    def rule(self) -> "Rule":
        """When two elements are equal.

        Raises:
            UsageError: the mode is unknown, or the tolerances can't be used.
        """
        from paramctl.figures.rule import tolerant

        return tolerant(self.mode, self.atol, self.rtol, self.ulp)

    def gates(self) -> "Gates":
        """What may change, must, and must not."""
        from paramctl.diff.gates import Gates

        return Gates(
            tuple(self.allow or ()), tuple(self.must_change or ()), tuple(self.forbid or ())
        )
