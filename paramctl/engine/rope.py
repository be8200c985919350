"""How fast rotary positions turn each pair of features, and the ways to stretch that."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from paramctl.engine.shapes import show
from paramctl.expression.errors import LanguageError

Scaling = Mapping[str, Any] | None
Turning = tuple[list[float], float]


@dataclass(frozen=True)
class Rope:
    """The settings of one kind of rotary positions.

    Attributes:
        width: features that turn; a pair i has the plain speed ``theta ** (-2 i / width)``.
        scaling: the ``rope_parameters`` or ``rope_scaling`` of a ``config.json``.
        longest: the positions that the model was made for, ``max_position_embeddings``.
        first_longest: those of its first training, where the scaling does not say.
    """

    width: int
    theta: float
    scaling: Scaling
    longest: int | None = None
    first_longest: int | None = None

    @property
    def kind(self) -> str:
        """Which variant it is; the plain one is ``default``."""
        return kind_of(self.scaling)

    @property
    def needs_length(self) -> bool:
        """Whether speeds depend on how many positions there are."""
        return self.kind in ("dynamic", "longrope")

    def speeds(self, length: int) -> Turning:
        """Radians per position of each pair, and what the result is multiplied with.

        Args:
            length: how many positions there are.
        """
        return _VARIANTS[self.kind].speeds(self, length)

    def plain(self, theta: float | None = None) -> list[float]:
        """Radians per position without any scaling."""
        base = self.theta if theta is None else theta
        return [base ** (-2 * i / self.width) for i in range(self.width // 2)]

    def number(self, name: str, default: float = 0.0) -> float:
        """A number of the scaling."""
        found = (self.scaling or {}).get(name)
        return default if found is None else float(found)

    @property
    def original(self) -> float:
        """The positions of the first training."""
        own = self.number("original_max_position_embeddings", float(self.longest or 0))
        return float(self.first_longest or own)

    @property
    def factor(self) -> float:
        """By how much positions are stretched."""
        return self.number("factor", float(self.longest or 0) / (self.original or 1.0))


def kind_of(scaling: Scaling) -> str:
    """The variant that a config names, under the name it has today."""
    table = scaling or {}
    found = str(table.get("rope_type") or table.get("type") or "default")
    return {"su": "longrope"}.get(found, found)


def require_scaling(scaling: Scaling, longest: int | None, width: Any) -> None:
    """Check that a scaling is one that is known, with all that it needs.

    Raises:
        LanguageError: it is not; the text names what is missing.
    """
    kind = kind_of(scaling)
    if kind not in _VARIANTS:
        raise LanguageError(
            f"rope scaling '{kind}' is not known", hint=f"known: {', '.join(_VARIANTS)}"
        )
    table = scaling or {}
    for name in _VARIANTS[kind].needs:
        stands_in = name in ("factor", "original_max_position_embeddings") and longest
        if table.get(name) is None and not (stands_in and kind != "linear"):
            raise LanguageError(f"rope scaling '{kind}' needs '{name}'")
    if kind == "dynamic" and not longest:
        raise LanguageError("rope scaling 'dynamic' needs longest, the positions of the training")
    for name in ("long_factor", "short_factor") if kind == "longrope" else ():
        if isinstance(width, int) and len(table[name]) != width // 2:
            raise LanguageError(
                f"rope scaling 'longrope' has {len(table[name])} in {name} for {width // 2} pairs"
            )


def turned_width(x: Any, dims: int | None) -> Any:
    """How many features turn.

    Raises:
        LanguageError: they don't make pairs, or there are fewer.
    """
    width = x.shape[-1] if dims is None else dims
    if isinstance(width, int) and (width % 2 or width < 0):
        raise LanguageError(f"rope turns pairs, and {width} features don't make pairs")
    if isinstance(width, int) and isinstance(x.shape[-1], int) and width > x.shape[-1]:
        raise LanguageError(f"rope of {width} features of {show(x.shape)}")
    return width


def _default(rope: Rope, _length: int) -> Turning:
    return rope.plain(), 1.0


def _linear(rope: Rope, _length: int) -> Turning:
    return [speed / rope.factor for speed in rope.plain()], 1.0


def _dynamic(rope: Rope, length: int) -> Turning:
    """The base grows with the text, once it is longer than those of the training."""
    longest = float(rope.longest or 1)
    share = rope.factor * max(length, longest) / longest - (rope.factor - 1)
    return rope.plain(rope.theta * share ** (rope.width / max(rope.width - 2, 1))), 1.0


def _llama3(rope: Rope, _length: int) -> Turning:
    """Slow pairs are stretched by the factor, fast ones kept, those between blended."""
    low, high = rope.number("low_freq_factor"), rope.number("high_freq_factor")

    def blended(speed: float) -> float:
        turns = rope.original * speed / (2 * math.pi)
        if turns < low:
            return speed / rope.factor
        if turns > high:
            return speed
        blend = (turns - low) / (high - low)
        return (1 - blend) * speed / rope.factor + blend * speed

    return [blended(speed) for speed in rope.plain()], 1.0


def _longrope(rope: Rope, length: int) -> Turning:
    """Each pair has a divisor of its own, other ones for texts beyond the first training."""
    divisors = (rope.scaling or {})["long_factor" if length > rope.original else "short_factor"]
    speeds = [speed / float(by) for speed, by in zip(rope.plain(), divisors, strict=True)]
    size = math.sqrt(1 + math.log(rope.factor) / math.log(rope.original)) if _grows(rope) else 1.0
    return speeds, rope.number("attention_factor", size)


def _grows(rope: Rope) -> bool:
    return rope.factor > 1 and rope.original > 1


def _yarn(rope: Rope, _length: int) -> Turning:
    """Pairs that turn often are kept, rare ones stretched, with a ramp between."""

    def pair(turns: float) -> float:
        fraction = math.log(rope.original / (turns * 2 * math.pi)) / (2 * math.log(rope.theta))
        return rope.width * fraction

    first, last = pair(rope.number("beta_fast") or 32), pair(rope.number("beta_slow") or 1)
    if (rope.scaling or {}).get("truncate") is not False:
        first, last = math.floor(first), math.ceil(last)
    first, last = max(first, 0), min(last, rope.width - 1)
    span = last - first or 0.001
    speeds = []
    for i, speed in enumerate(rope.plain()):
        keep = 1 - min(max((i - first) / span, 0.0), 1.0)
        speeds.append(speed / rope.factor * (1 - keep) + speed * keep)
    return speeds, rope.number("attention_factor") or _yarn_size(rope)


def _yarn_size(rope: Rope) -> float:
    one, other = rope.number("mscale"), rope.number("mscale_all_dim")

    def size(weight: float) -> float:
        return 0.1 * weight * math.log(rope.factor) + 1.0 if rope.factor > 1 else 1.0

    return size(one) / size(other) if one and other else size(1.0)


@dataclass(frozen=True)
class _Variant:
    speeds: Callable[[Rope, int], Turning]
    needs: tuple[str, ...] = ()


_STRETCHED = ("factor", "original_max_position_embeddings")
_VARIANTS = {
    "default": _Variant(_default),
    "linear": _Variant(_linear, ("factor",)),
    "dynamic": _Variant(_dynamic, ("factor",)),
    "llama3": _Variant(_llama3, (*_STRETCHED, "low_freq_factor", "high_freq_factor")),
    "yarn": _Variant(_yarn, _STRETCHED),
    "longrope": _Variant(_longrope, (*_STRETCHED, "long_factor", "short_factor")),
}
