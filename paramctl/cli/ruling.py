"""Options of a check: which rules run, what they may read, what makes them fail."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

import typer

from paramctl.cli.options import FORMATS, Common

_Words = list[str] | None


@dataclass(frozen=True)
class Ruling:
    """Which rules of a check run, and which of their findings fail."""

    values: Annotated[
        bool, typer.Option("--values", help="Also read every number: NaN, Inf, constants.")
    ] = False
    strict: Annotated[bool, typer.Option("--strict", help="A warning fails too.")] = False
    select: Annotated[
        _Words,
        typer.Option("--select", metavar="RULE", help="Only these rules or groups of rules."),
    ] = None
    ignore: Annotated[_Words, typer.Option("--ignore", metavar="RULE", help="All but these.")] = (
        None
    )
    expect: Annotated[
        Path | None,
        typer.Option(
            "--expect", metavar="RULES", help="Assertions of your own, a YAML file: see below."
        ),
    ] = None
    fail_fast: Annotated[bool, typer.Option("--fail-fast", help="Stop at the first error.")] = False

    def arguments(self) -> dict[str, Any]:
        """The same for the library's ``check``.

        Raises:
            SpecError: the file of expectations can't be read.
        """
        return {
            "expectations": _expectations(self.expect),
            "values": self.values,
            "select": tuple(self.select or ()),
            "ignore": tuple(self.ignore or ()),
            "fail_fast": self.fail_fast,
        }


def _expectations(path: Path | None) -> tuple[Any, ...]:
    if path is None:
        return ()
    from paramctl.check.expectations_file import read_expectations

    return read_expectations(path)


@dataclass(frozen=True)
class Findings(Common):
    """The common options, with the formats in which CI systems show findings."""

    formats: ClassVar[tuple[str, ...]] = (*FORMATS, "junit", "sarif", "github")
    form: Annotated[
        str,
        typer.Option("--format", "-f", metavar="FORMAT", help=f"One of {', '.join(formats)}."),
    ] = ""
