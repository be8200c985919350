"""Tests of what a header says about a tensor besides its name: ``numel>1e6``, ``layer:-2..``.

Each field is one entry of a table: how it is found in an entry, and in which units it is written.
"""

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter

from paramctl.errors import SelectionError
from paramctl.manifest import Entry
from paramctl.names import layer_segment
from paramctl.select.glob import Glob
from paramctl.select.predicate import Predicate, Test
from paramctl.select.vocabulary import Vocabulary

COUNTS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "b": 10**9, "t": 10**12}
BYTES = {
    **COUNTS,
    **dict(zip(("kb", "mb", "gb", "tb"), (10**3, 10**6, 10**9, 10**12), strict=True)),
    **dict(zip(("kib", "mib", "gib", "tib"), (2**10, 2**20, 2**30, 2**40), strict=True)),
    "b": 1,
}
PLAIN = {"": 1}

NUMBERS: dict[str, dict[str, int]] = {
    "ndim": PLAIN,
    "numel": COUNTS,
    "nbytes": BYTES,
    "layer": PLAIN,
    "shard": PLAIN,
}
WORDS = ("dtype", "kind", "type", "role")
FIELDS = (*NUMBERS, *WORDS, "tied")
KINDS = ("parameter", "buffer", "constant")
NEEDS_SPEC = ("type", "role")

_VALUES: dict[str, Callable[[Entry], int | None]] = {
    "ndim": lambda entry: len(entry.shape),
    "numel": lambda entry: entry.numel,
    "nbytes": lambda entry: entry.nbytes,
    "shard": lambda entry: entry.shard + 1 if entry.shard >= 0 else None,
}
_WORDS: dict[str, Callable[[Entry], str | None]] = {
    "dtype": attrgetter("dtype"),
    "kind": attrgetter("kind"),
}


@dataclass(frozen=True)
class Compare(Predicate):
    """``numel>1000``; an unknown size, or a name without a layer, is never selected.

    Attributes:
        field: one of ``NUMBERS``.
        relation: ``<``, ``<=``, ``>`` or ``>=``.
        bound: the other side; below zero it counts from the end of the layer's container.
    """

    field: str
    relation: str
    bound: int

    def bind(self, vocabulary: Vocabulary) -> Test:
        """A comparison is a range with one open or shifted end."""
        ends = {
            "<": (None, self.bound, -1),
            "<=": (None, self.bound, 0),
            ">": (self.bound, None, 1),
            ">=": (self.bound, None, 0),
        }
        low, high, shift = ends[self.relation]
        return _inside(vocabulary, self.field, low, high, shift)

    def __str__(self) -> str:
        return f"{self.field}{self.relation}{self.bound}"


@dataclass(frozen=True)
class Within(Predicate):
    """``layer:8..15``, both ends included; ``None`` is an open end, ``ndim:2`` has equal ends.

    Layers are numbered as in the name; shards from 1, as in the names of their files.
    """

    field: str
    low: int | None
    high: int | None

    def bind(self, vocabulary: Vocabulary) -> Test:
        """Whether the field lies in the range."""
        return _inside(vocabulary, self.field, self.low, self.high, 0)

    def __str__(self) -> str:
        if self.low is not None and self.low == self.high:
            return f"{self.field}:{self.low}"
        low, high = ("" if end is None else end for end in (self.low, self.high))
        return f"{self.field}:{low}..{high}"


@dataclass(frozen=True)
class Named(Predicate):
    """``kind:buffer``, ``type:*Norm``: a word that fits a pattern as a whole.

    A shard is the name of its file; the pattern may leave out ``.safetensors``.
    """

    field: str
    pattern: Glob

    def bind(self, vocabulary: Vocabulary) -> Test:
        """Remembers each word it has seen: there are few.

        Raises:
            SelectionError: the field comes from a spec, and there is none.
        """
        word_of = self._words(vocabulary)
        known: dict[str | None, bool] = {None: False, "": False}

        def test(entry: Entry) -> bool:
            word = word_of(entry)
            found = known.get(word)
            if found is None:
                found = known[word] = self.pattern.matches(word or "")
            return found

        return test

    def _words(self, vocabulary: Vocabulary) -> Callable[[Entry], str | None]:
        if self.field not in NEEDS_SPEC:
            return _WORDS.get(self.field, vocabulary.shard_name)
        described = vocabulary.described
        if described is None:
            raise SelectionError(
                f"'{self.field}' needs a spec, and none is known for this checkpoint",
                hint="name a SPEC, or select by name",
            )
        place = NEEDS_SPEC.index(self.field)
        return lambda entry: described.get(entry.name, (None, None))[place]

    def __str__(self) -> str:
        return f"{self.field}:{Glob(self.pattern.segments)}"


@dataclass(frozen=True)
class Tied(Predicate):
    """``tied``: names that share their tensor with another name, the one that holds it too."""

    def bind(self, vocabulary: Vocabulary) -> Test:
        """Looks names up in the manifest's ties."""
        tied = vocabulary.tied
        return lambda entry: entry.name in tied

    def __str__(self) -> str:
        return "tied"


def _inside(
    vocabulary: Vocabulary, field: str, low: int | None, high: int | None, shift: int
) -> Test:
    """Whether ``low + shift <= value <= high + shift``; an end that is ``None`` is open."""
    if field == "layer":
        return _layer_inside(vocabulary, low, high, shift)
    value_of = _VALUES[field]

    def test(entry: Entry) -> bool:
        value = value_of(entry)
        return (
            value is not None
            and (low is None or low + shift <= value)
            and (high is None or value <= high + shift)
        )

    return test


def _layer_inside(vocabulary: Vocabulary, low: int | None, high: int | None, shift: int) -> Test:
    counts_back = (low or 0) < 0 or (high or 0) < 0
    last = vocabulary.last_layers if counts_back else {}

    def test(entry: Entry) -> bool:
        place = layer_segment(entry.name)
        if place is None:
            return False
        container, number = place
        size = last.get(container, 0) + 1
        least = None if low is None else low + size if low < 0 else low
        most = None if high is None else high + size if high < 0 else high
        return (least is None or least + shift <= number) and (
            most is None or number <= most + shift
        )

    return test
