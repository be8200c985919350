"""Options of a comparison that say how much to tell of what differs, and in which way."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from paramctl.errors import UsageError

if TYPE_CHECKING:
    from paramctl.diff.change import Diff
    from paramctl.report.report import Report


@dataclass(frozen=True)
class Telling:
    """How much of a diff is told."""

    name_only: Annotated[
        bool, typer.Option("--name-only", help="Names only; stops at a tensor's first difference.")
    ] = False
    limit: Annotated[
        int | None, typer.Option("--limit", min=0, metavar="N", help="The N largest changes.")
    ] = None
    by: Annotated[
        str | None, typer.Option("--by", metavar="module", help="One row per module.")
    ] = None
    picture: Annotated[
        bool,
        typer.Option("--picture", help="Where it changed: layers across, tensors down, shades."),
    ] = False
    explain: Annotated[
        bool,
        typer.Option(
            "--explain",
            help="Say what explains a change: rows, their order, a factor, a low rank.",
        ),
    ] = False
    ulps: Annotated[
        bool,
        typer.Option("--ulps", help="In JSON: how many elements are how many steps apart."),
    ] = False

    def __post_init__(self) -> None:
        if self.by not in (None, "module"):
            raise UsageError(f"--by takes module, not '{self.by}'")
        if self.name_only and (self.by or self.picture):
            flag = "--by" if self.by else "--picture"
            raise UsageError(f"{flag} needs figures", hint="leave out --name-only")
        if self.by and self.picture:
            raise UsageError("--by and --picture can't both be told")

    def report(self, found: "Diff", names: "set[str]") -> "Report":
        """The diff as it is to be told.

        Args:
            names: all that were compared.
        """
        from paramctl.report.of_diff import diff_report

        whole = diff_report(
            found, limit=self.limit, only_names=self.name_only, explained=self.explain
        )
        if self.by:
            from paramctl.diff.modules import by_module
            from paramctl.report.of_modules import by_modules

            return by_modules(whole, by_module(found))
        if self.picture:
            from paramctl.diff.picture import picture
            from paramctl.report.of_picture import with_picture

            return with_picture(whole, picture(names, found.changes))
        return whole
