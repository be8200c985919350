"""An expression over the figures of a tensor: ``nan > 0 or absmax > 1e4``."""

from dataclasses import dataclass
from typing import Any

from paramctl.expression.parse import Code, parse
from paramctl.expression.place import argument
from paramctl.figures.statistics import Statistics
from paramctl.manifest import Entry

NAMES = (
    "name", "dtype", "shape", "ndim", "numel", "min", "max", "mean", "std", "absmax", "l2",
    "zeros", "nan", "inf",
)  # fmt: skip
_FROM_HEADER = NAMES.index("min")  # names before it need no values


@dataclass(frozen=True)
class Condition:
    """A parsed expression; a figure that a tensor lacks is NaN there, of which nothing holds."""

    code: Code

    @property
    def needs_values(self) -> bool:
        """Whether it speaks of figures that only the values tell."""
        return bool(self.code.names & set(NAMES[_FROM_HEADER:]))

    def told(self, entry: Entry, found: Statistics) -> str:
        """The figures that it speaks of, as they are: ``absmax 12.5, nan 0``."""
        values = scope(entry, found)
        return ", ".join(f"{name} {values[name]}" for name in NAMES if name in self.code.names)

    def holds(self, entry: Entry, found: Statistics) -> bool:
        """Whether the expression is true of a tensor.

        Raises:
            UsageError: it can't be evaluated, or is neither true nor false.
        """
        answer = self.code.evaluate(scope(entry, found))
        if not isinstance(answer, bool | int | float):
            problem = f"'{self.code.text}' is neither true nor false of a tensor"
            raise self.code.place.error(problem, where=self.code.place.where)
        return bool(answer)


def parse_condition(text: str) -> Condition:
    """The condition that a text states.

    Raises:
        UsageError: it can't be read, or names what is no figure.
    """
    return condition_of(parse(text, argument()))


def condition_of(code: Code) -> Condition:
    """The condition that a parsed expression states.

    Raises:
        ParamctlError: of its place's kind, where it names what is no figure.
    """
    functions = {"abs", "min", "max", "sqrt", "log", "len", "float", "int", "round"}
    unknown = sorted(code.names - set(NAMES) - functions)
    if unknown:
        problem, hint = f"no figure named '{unknown[0]}'", f"figures are {', '.join(NAMES)}"
        raise code.place.error(problem, where=code.place.where, hint=hint)
    return Condition(code)


def scope(entry: Entry, found: Statistics) -> dict[str, Any]:
    """What the names of a condition mean for one tensor."""
    figures = {
        "min": found.minimum, "max": found.maximum, "mean": found.mean, "std": found.std,
        "absmax": found.absmax, "l2": found.l2, "zeros": found.zeros, "nan": found.nan,
        "inf": found.inf,
    }  # fmt: skip
    return {
        "name": entry.name,
        "dtype": entry.dtype,
        "shape": tuple(size or 0 for size in entry.shape),
        "ndim": len(entry.shape),
        "numel": found.numel,
        **{name: _number(value) for name, value in figures.items()},
    }


def _number(value: Any) -> Any:
    if isinstance(value, complex):
        return abs(value)
    return float("nan") if value is None else value
