"""Further figures of ``stats`` as columns of a row and as keys of an object."""

from typing import Any

from paramctl.figures.extras import Extras
from paramctl.manifest import Entry
from paramctl.report.report import Column
from paramctl.report.values import human


def extra_columns(extras: Extras) -> tuple[Column, ...]:
    """The columns behind the usual ones."""
    columns = [Column(f"q{text(one)}", "number", "-") for one in extras.probabilities]
    if extras.spectra is not None:
        columns += [Column("stable_rank", "number", "-"), Column("singular_values", "numbers", "-")]
    if extras.unlike is not None:
        columns += [Column("unlike", "number", "-"), Column("unlike_in", missing="-")]
    return tuple(columns)


def extra_cells(entry: Entry, extras: Extras) -> tuple[Any, ...]:
    """The values in these columns."""
    cells: list[Any] = []
    if extras.quantiles is not None:
        cells += extras.quantiles[entry.name] or [None] * len(extras.probabilities)
    if extras.spectra is not None:
        found = extras.spectra[entry.name]
        cells += [found and found.stable_rank, found and tuple(found.values)]
    if extras.unlike is not None:
        score = extras.unlike.get(entry.name)
        cells += [score and score.score, score and score.figure]
    return tuple(cells)


def extra_keys(entry: Entry, extras: Extras) -> dict[str, Any]:
    """The same as keys of the tensor's object."""
    keys: dict[str, Any] = {}
    if extras.quantiles is not None:
        values = extras.quantiles[entry.name]
        names = map(text, extras.probabilities)
        keys["quantiles"] = values and dict(zip(names, values, strict=True))
    if extras.spectra is not None:
        found = extras.spectra[entry.name]
        keys |= {
            "singular_values": found and list(found.values),
            "stable_rank": found and found.stable_rank,
            "converged": found and found.has_converged,
        }
    if extras.unlike is not None:
        score = extras.unlike.get(entry.name)
        keys["unlike"] = score and {
            "figure": score.figure,
            "score": score.score,
            "value": score.value,
            "usual": score.usual,
            "layers": score.layers,
        }
    return keys


def extra_lines(entry: Entry, extras: Extras) -> list[str]:
    """The same in words, for people."""
    cells = zip(extra_columns(extras), extra_cells(entry, extras), strict=True)
    told = [f"{column.name} {human(value, column)}" for column, value in cells if value is not None]
    return [", ".join(told)] if told else []


def text(probability: float) -> str:
    """A probability as it is written: ``0.5``, ``1`` for 1.0."""
    return f"{probability:g}" if float(f"{probability:g}") == probability else repr(probability)
