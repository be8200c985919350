"""Options of statistics: which rows there are, and which figures they have."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from paramctl.figures.extras import Wishes
    from paramctl.figures.survey import Survey


@dataclass(frozen=True)
class Surveying:
    """Which rows there are, and what stands in them beside the usual figures."""

    hist: Annotated[bool, typer.Option("--hist", help="A histogram per tensor.")] = False
    where: Annotated[
        str | None,
        typer.Option(
            "--where",
            metavar="EXPR",
            help="Keep the rows of which an expression holds: 'nan > 0 or absmax > 1e4'.",
        ),
    ] = None
    by: Annotated[
        str | None,
        typer.Option("--by", metavar="module|layer", help="One row per module, or per layer."),
    ] = None
    quantiles: Annotated[
        str | None,
        typer.Option("--quantiles", metavar="P,…", help="Exact quantiles: 0.01,0.5,0.99."),
    ] = None
    spectral: Annotated[
        int | None,
        typer.Option(
            "--spectral", metavar="K", help="The K largest singular values, and the stable rank."
        ),
    ] = None
    outliers: Annotated[
        bool,
        typer.Option(
            "--outliers", help="How unlike the same tensor of other layers, by a robust score."
        ),
    ] = False

    @property
    def survey(self) -> "Survey":
        """The rows to make."""
        from paramctl.figures.survey import Survey

        return Survey.parse(where=self.where, by=self.by, histograms=self.hist)

    @property
    def wishes(self) -> "Wishes":
        """The columns to add."""
        from paramctl.figures.extras import Wishes

        return Wishes.parse(
            quantiles=self.quantiles, spectral=self.spectral, outliers=self.outliers, by=self.by
        )
