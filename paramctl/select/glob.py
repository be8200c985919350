"""Globs over dotted names: runs of whole segments, wherever they begin, and all below them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from paramctl.manifest import Entry
from paramctl.select.pieces import Segment, Text, expression, quoted, spelled
from paramctl.select.predicate import Predicate, Test
from paramctl.select.vocabulary import Vocabulary

KEYWORDS = frozenset({"and", "or", "not", "tied"})


@dataclass(frozen=True)
class Glob(Predicate):
    """A pattern of segments.

    Attributes:
        segments: in order; ``None`` is ``**``, zero or more segments.
        from_start: ``^``, the first segment of the pattern is the first of the name.
        to_end: ``$``, the last segment of the pattern is the last of the name.
    """

    segments: tuple[Segment | None, ...]
    from_start: bool = False
    to_end: bool = False

    def bind(self, vocabulary: Vocabulary) -> Test:
        """Looks for the longest literal text first: that alone rules out most names."""
        literal, searches = self._literal, [part.search for part in self.expressions]
        if len(searches) == 1:
            search = searches[0]
            return lambda entry: literal in entry.name and search(entry.name) is not None

        def test(entry: Entry) -> bool:
            return literal in entry.name and self.matches(entry.name)

        return test

    def matches(self, name: str) -> bool:
        """Whether the pattern fits a name or a path above it.

        Between two ``**`` the first fit is as good as any, so nothing is tried twice.
        """
        position = 0
        for part in self.expressions:
            match = part.search(name, position)
            if match is None or position > len(name):
                return False
            position = match.end() + 1
        return True

    @cached_property
    def expressions(self) -> list[re.Pattern[str]]:
        """One expression for each run of segments between ``**``, to be found in order.

        Raises:
            TooManyPatternsError: see there.
        """
        runs = list(self._runs())
        found = []
        for position, run in enumerate(runs):
            begins = self.from_start and position == 0 and self.segments[0] is not None
            ends = self.to_end and position == len(runs) - 1 and self.segments[-1] is not None
            text = r"\.".join(expression(segment) for segment in run)
            before, after = r"\A" if begins else "(?<![^.])", r"\Z" if ends else "(?![^.])"
            found.append(re.compile(before + text + after, re.DOTALL))
        return found

    def _runs(self) -> Iterator[list[Segment]]:
        run: list[Segment] = []
        for segment in (*self.segments, None):
            if segment is not None:
                run.append(segment)
            elif run:
                yield run
                run = []

    @property
    def _literal(self) -> str:
        longest = ""
        for run in self._runs():
            texts = [""]
            for position, segment in enumerate(run):
                texts[-1] += "." if position else ""
                for piece in segment:
                    if isinstance(piece, Text):
                        texts[-1] += piece.text
                    else:
                        texts.append("")
            longest = max(longest, *texts, key=len)
        return longest

    def __str__(self) -> str:
        body = ".".join("**" if segment is None else spelled(segment) for segment in self.segments)
        if not body or (body in KEYWORDS and not self.from_start):
            body = quoted(body)
        return "^" * self.from_start + body + "$" * self.to_end
