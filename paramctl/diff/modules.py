"""A diff gathered by module: how much of each changed, nothing of most."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from paramctl.diff.change import Change, Diff
from paramctl.names import natural_order


@dataclass(frozen=True)
class ModuleChange:
    """What became of the tensors of one module.

    Attributes:
        changes: how many of them changed.
        summary: how many of each status.
        differing, numel: elements that differ, and that were compared; ``None`` where that
            can't be told.
        max_abs: of the changed tensors.
        rel_l2: ``|b - a| / |a|`` over the changed tensors; ``None`` where that has no value.
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


def by_module(found: Diff) -> list[ModuleChange]:
    """One row per module that was compared, in natural order."""
    groups: dict[str, list[Change]] = {}
    sizes: dict[str, int] = {}
    for entry in found.entries:
        module = _module(entry.name)
        sizes[module] = sizes.get(module, 0) + (entry.numel or 0)
    for change in found.changes:
        groups.setdefault(_module(change.name), []).append(change)
    return [
        _gathered(module, groups.get(module, []), sizes.get(module, 0))
        for module in natural_order({*sizes, *groups})
    ]


def _module(name: str) -> str:
    return name.rpartition(".")[0]


def _gathered(module: str, members: Sequence[Change], numel: int) -> ModuleChange:
    statuses = dict(Counter(str(change.status) for change in members))
    changed = [change.figures for change in members if change.figures]
    found = [one for one in changed if one.differing is not None]
    if not found:
        known = 0 if numel and not changed else None
        return ModuleChange(module, len(members), statuses, known, numel)
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
        sum(one.differing or 0 for one in found) if len(found) == len(changed) else None,
        numel,
        max((one.max_abs for one in found if one.max_abs is not None), default=None),
        _finite(delta / a) if a else None,
        _finite(max(-1.0, min(1.0, (a * a + b * b - delta * delta) / 2 / a / b)))
        if a and b
        else None,
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
