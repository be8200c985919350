"""A selection is a value: tests of entries, and how they combine.

A predicate compares equal to another with the same meaning in the same order, prints as text
that parses back to it, and is bound to a vocabulary before it tests anything.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from paramctl.manifest import Entry
from paramctl.select.vocabulary import Vocabulary

Test = Callable[[Entry], bool]


class Predicate(ABC):
    """Says of each entry whether it is selected."""

    @abstractmethod
    def bind(self, vocabulary: Vocabulary) -> Test:
        """The test of one entry, with everything looked up that does not depend on it.

        Raises:
            SelectionError: the manifest can't answer what is asked.
        """

    def __or__(self, other: "Predicate") -> "Predicate":
        return either([self, other])

    def __and__(self, other: "Predicate") -> "Predicate":
        return both([self, other])

    def __invert__(self) -> "Predicate":
        return Not(self)


@dataclass(frozen=True)
class Either(Predicate):
    """Selected by one of its parts or by several: ``a | b``."""

    parts: tuple[Predicate, ...]

    def bind(self, vocabulary: Vocabulary) -> Test:
        """Tries the parts in order."""
        return _joined([part.bind(vocabulary) for part in self.parts], _or)

    def __str__(self) -> str:
        return " | ".join(str(part) for part in self.parts)


@dataclass(frozen=True)
class Both(Predicate):
    """Selected by all of its parts: ``a & b``."""

    parts: tuple[Predicate, ...]

    def bind(self, vocabulary: Vocabulary) -> Test:
        """Tries the parts in order."""
        return _joined([part.bind(vocabulary) for part in self.parts], _and)

    def __str__(self) -> str:
        return " & ".join(
            f"({part})" if isinstance(part, Either) else str(part) for part in self.parts
        )


@dataclass(frozen=True)
class Not(Predicate):
    """Selected where its part is not: ``!a``."""

    part: Predicate

    def bind(self, vocabulary: Vocabulary) -> Test:
        """Turns the answer round."""
        test = self.part.bind(vocabulary)
        return lambda entry: not test(entry)

    def __invert__(self) -> Predicate:
        return self.part

    def __str__(self) -> str:
        return f"!({self.part})" if isinstance(self.part, Either | Both) else f"!{self.part}"


def either(predicates: Sequence[Predicate]) -> Predicate:
    """``a | b | c``, flat; of one predicate, that one."""
    parts = [p for one in predicates for p in (one.parts if isinstance(one, Either) else [one])]
    return parts[0] if len(parts) == 1 else Either(tuple(parts))


def both(predicates: Sequence[Predicate]) -> Predicate:
    """``a & b & c``, flat; of one predicate, that one."""
    parts = [p for one in predicates for p in (one.parts if isinstance(one, Both) else [one])]
    return parts[0] if len(parts) == 1 else Both(tuple(parts))


def _or(first: Test, second: Test) -> Test:
    return lambda entry: first(entry) or second(entry)


def _and(first: Test, second: Test) -> Test:
    return lambda entry: first(entry) and second(entry)


def _joined(tests: list[Test], join: Callable[[Test, Test], Test]) -> Test:
    """All tests as one, in halves: calls nest as deep as the logarithm of their number."""
    if len(tests) == 1:
        return tests[0]
    half = len(tests) // 2
    return join(_joined(tests[:half], join), _joined(tests[half:], join))
