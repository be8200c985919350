"""Two tensors of one shape compared: as bytes first, decoded only where those differ."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from paramctl.compute.blocks import spans
from paramctl.compute.jobs import cut, map_jobs
from paramctl.figures.pieces import Span, size_of, weight_in
from paramctl.figures.rule import Rule
from paramctl.figures.same import Pair, Verdict, compare_piece

if TYPE_CHECKING:
    from paramctl.figures.difference import Difference


@dataclass(frozen=True)
class Comparison:
    """What is different between two tensors a and b of one shape.

    Figures are of ``b - a``, over the elements that are NaN on neither side.

    Attributes:
        differing: elements that are not equal by the rule; ``None`` for dtypes whose values
            can't be told.
        max_abs, mean_abs: of ``|b - a|``; infinite where just one side is.
        rel_l2: ``|b - a| / |a|`` of the finite elements; ``None`` when a is zero.
        cosine: of the angle between them; ``None`` when one of them is zero.
        delta_l2, a_l2, b_l2: the norms of ``b - a``, a and b that these two are made of.
        nan, inf: how many there are (in a, in b).
        is_equal: whether no element differs and the dtypes agree.
        cast: ``a`` when b is exactly a's cast, ``b`` when a is exactly b's, else empty.
    """

    numel: int
    differing: int | None = 0
    max_abs: float | int | None = None
    mean_abs: float | None = None
    rel_l2: float | None = None
    cosine: float | None = None
    delta_l2: float | None = None
    a_l2: float | None = None
    b_l2: float | None = None
    nan: tuple[int, int] = (0, 0)
    inf: tuple[int, int] = (0, 0)
    is_equal: bool = True
    cast: str = ""

    @property
    def share(self) -> float | None:
        """Differing elements as a share of all."""
        return None if self.differing is None else self.differing / max(self.numel, 1)


_equal = lru_cache(maxsize=4096)(Comparison)  # of so many elements, and there are few sizes


class _Piece(NamedTuple):
    place: int
    pair: Pair
    span: Span


class _Found(NamedTuple):
    place: int
    span: Span
    verdict: Verdict


def compare(pair: Pair, rule: Rule | None = None, *, figures: bool = True) -> Comparison:
    """How two tensors of one shape differ."""
    return next(compare_all([pair], rule, figures=figures))


def compare_all(
    pairs: Iterable[Pair], rule: Rule | None = None, *, figures: bool = True, total: int = 0
) -> Iterator[Comparison]:
    """The comparison of each pair, in order, all of them spread over the workers.

    Args:
        figures: without them a pair is left at its first difference, and only equality and
            cast are right.
        total: bytes of one side of all pairs.
    """
    kept: list[Pair] = []
    known: set[int] = set()  # pairs that are known to differ, so that the rest can be left alone

    def pieces() -> Iterator[_Piece]:
        for place, pair in enumerate(pairs):
            kept.append(pair)
            for span in spans(size_of(pair.before)):
                if place not in known:
                    yield _Piece(place, pair, span)

    work = partial(_verdicts, rule or Rule(), figures)
    found = (
        _Found(piece.place, piece.span, verdict)
        for items, verdicts in map_jobs(work, cut(pieces(), _weight, total))
        for piece, verdict in zip(items, verdicts, strict=True)
    )
    for place, group in groupby(found, key=lambda found: found.place):
        seen = []
        for one in group:
            seen.append(one)
            if not figures and not one.verdict.is_equal and not one.verdict.may_be_cast:
                known.add(place)
        yield _combined(kept[place], seen, figures)


def _verdicts(rule: Rule, figures: bool, pieces: tuple[_Piece, ...]) -> list[Verdict]:
    """What becomes of each piece; without figures, equal stands for what nobody needs to know."""
    found: list[Verdict] = []
    settled = -1
    for place, pair, span in pieces:
        if place == settled:
            found.append(Verdict(is_equal=True))
            continue
        found.append(compare_piece(pair, span, rule, figures))
        if not figures and not found[-1].is_equal and not found[-1].may_be_cast:
            settled = place
    return found


def _weight(piece: _Piece) -> int:
    return weight_in(piece.pair.before, piece.span)


def _combined(pair: Pair, found: list[_Found], figures: bool) -> Comparison:
    """One comparison from the verdicts on all pieces of a pair."""
    numel = size_of(pair.before)
    verdicts = [piece.verdict for piece in found]
    if all(verdict.is_equal for verdict in verdicts) and not pair.is_retyped:
        return _equal(numel)
    from paramctl.figures.unlike import has_values, total_difference

    if not has_values(pair):
        return Comparison(numel=numel, differing=None, is_equal=False)
    casts = [all(v.casts[way] for v in verdicts) for way in (0, 1)] if pair.is_retyped else []
    cast = "" if not any(casts) else "a" if casts[0] else "b"
    if not figures:
        differing = sum(v.difference.differing for v in verdicts if v.difference)
        return Comparison(numel=numel, differing=differing, is_equal=False, cast=cast)
    equal_spans = [piece.span for piece in found if piece.verdict.difference is None]
    return _figures(numel, total_difference(pair, verdicts, equal_spans), cast)


def _figures(numel: int, whole: "Difference", cast: str) -> Comparison:
    gap, squares = math.fsum(whole.gap), math.fsum(whole.squares)
    left, right = math.fsum(whole.left), math.fsum(whole.right)
    return Comparison(
        numel=numel,
        differing=whole.differing,
        max_abs=whole.max_abs if whole.pairs else None,
        mean_abs=(math.inf if whole.split else gap / whole.pairs) if whole.pairs else None,
        rel_l2=None if whole.split else _ratio(math.sqrt(squares), math.sqrt(left)),
        cosine=None if whole.split else _cosine(squares, left, right),
        delta_l2=None if whole.split else math.sqrt(squares),
        a_l2=math.sqrt(left),
        b_l2=math.sqrt(right),
        nan=whole.nan,
        inf=whole.inf,
        is_equal=False,
        cast=cast,
    )


def _ratio(above: float, below: float) -> float | None:
    if below == 0 or not (math.isfinite(above) and math.isfinite(below)):
        return None
    return above / below


def _cosine(squares: float, left: float, right: float) -> float | None:
    """From the three sides of the triangle: 2ab = a^2 + b^2 - (a - b)^2."""
    size: Any = math.sqrt(left) * math.sqrt(right)
    found = _ratio((left + right - squares) / 2, size)
    return None if found is None else max(-1.0, min(1.0, found))
