"""When two elements are equal: as bits, as numbers within a tolerance, or so many steps apart."""

import math
from dataclasses import dataclass
from typing import Any, Literal

from paramctl.errors import UsageError


@dataclass(frozen=True)
class Rule:
    """What counts as equal.

    By bits, the same NaN is equal and 0.0 is not -0.0. By value, NaN equals NaN, 0.0 equals
    -0.0, and ``|a - b| <= atol + rtol * max(|a|, |b|)``; an infinity equals only itself.

    Attributes:
        ulp: values at most so many representable steps apart are equal too; by value only.

    Raises:
        UsageError: a tolerance that is not finite or is negative, or one without value mode.
    """

    mode: Literal["bits", "value"] = "bits"
    atol: float = 0.0
    rtol: float = 0.0
    ulp: int | None = None

    def __post_init__(self) -> None:
        if self.mode not in ("bits", "value"):
            raise UsageError(f"--mode takes bits or value, not '{self.mode}'")
        for name, tolerance in (("atol", self.atol), ("rtol", self.rtol), ("ulp", self.ulp or 0)):
            if not math.isfinite(tolerance) or tolerance < 0:
                raise UsageError(f"--{name} must be finite and not negative, not {tolerance}")
        if self.mode == "bits" and (self.atol or self.rtol or self.ulp is not None):
            raise UsageError("tolerances need --mode value")


def tolerant(mode: str, atol: float, rtol: float, ulp: int | None) -> Rule:
    """The rule that options ask for; a tolerance alone asks for value mode.

    Raises:
        UsageError: the mode is unknown, or the tolerances can't be used.
    """
    asked = bool(atol or rtol or ulp is not None)
    chosen: Any = mode or ("value" if asked else "bits")
    return Rule(chosen, atol, rtol, ulp)
