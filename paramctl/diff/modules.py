"""The changes of a diff gathered by module: how much each of them changed."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from paramctl.diff.change import Change


@dataclass(frozen=True)
class ModuleChange:
    """All changes below one module; figures are over its tensors that have figures.

    Attributes:
        changes: how many tensors changed.
        summary: how many of each status.
        differing, numel: elements that differ, and that were compared, in changed tensors.
        rel_l2: ``|b - a| / |a|`` over these; ``None`` where that has no value.
        cosine: of the angle between them.
    """

    module: str
    changes: int
    summary: dict[str, int]
    differing: int | None = None
    numel: int = 0
    max_abs: float | int | None = None
    rel_l2: float | None = None
    cosine: float | None = None

    @property
    def share(self) -> float | None:
        """Differing elements as a share of those compared."""
        return None if self.differing is None else self.differing / max(self.numel, 1)


def by_module(changes: Sequence[Change]) -> list[ModuleChange]:
    """One row per module that has changes, in the order of its first change."""
    groups: dict[str, list[Change]] = {}
    for change in changes:
        groups.setdefault(change.name.rpartition(".")[0], []).append(change)
    return [_gathered(module, members) for module, members in groups.items()]


def _gathered(module: str, members: Sequence[Change]) -> ModuleChange:
    statuses = dict(Counter(str(change.status) for change in members))
    found = [change.figures for change in members if change.figures]
    found = [one for one in found if one.differing is not None]
    if not found:
        return ModuleChange(module, len(members), statuses)
    delta, a, b = (
        math.hypot(*(getattr(one, name) for one in found))
        if all(getattr(one, name) is not None for one in found)
        else math.nan
        for name in ("delta_l2", "a_l2", "b_l2")
    )
    return ModuleChange(
        module,
        len(members),
        statuses,
        sum(one.differing or 0 for one in found),
        sum(one.numel for one in found),
        max((one.max_abs for one in found if one.max_abs is not None), default=None),
        _finite(delta / a) if a else None,
        _finite(max(-1.0, min(1.0, (a * a + b * b - delta * delta) / 2 / a / b)))
        if a and b
        else None,
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
