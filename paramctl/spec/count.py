"""How many modules a spec asks for, counted before one is built."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from paramctl.engine.unknown import Unknown
from paramctl.errors import ParamctlError
from paramctl.expression.errors import LanguageError
from paramctl.expression.parse import Code
from paramctl.spec.block import Block
from paramctl.spec.limits import DEEPEST, MOST_MODULES
from paramctl.spec.plans import BlockPlan, ListPlan, Plan
from paramctl.spec.scope import Scope


class Counter:
    """Counts along plans; a block is counted once for the same arguments, a repeat by its first.

    What goes wrong on the way is left to whoever builds: such a part counts as one module.

    Args:
        plan: the plan that an expression gives in a scope.
        scope: the names of the config.
    """

    def __init__(self, plan: Callable[[Code, Scope], Plan | None], scope: Scope) -> None:
        self._plan = plan
        self._scope = scope
        self._counted: dict[Any, int] = {}
        self._open: list[str] = []

    def check(self, plan: Plan) -> None:
        """Refuse a plan of too many modules.

        Raises:
            SpecError: at the layer with which there are too many.
        """
        self._count(plan)

    def _count(self, plan: Plan) -> int:
        if len(self._open) > DEEPEST:
            return 1
        if isinstance(plan, ListPlan):
            total = 1 + self._children(plan)
        elif isinstance(plan, BlockPlan):
            total = 1 + self._block(plan)
        else:
            total = 1
        if total > MOST_MODULES:
            problem = f"{total:,} modules are more than {MOST_MODULES:,}"
            raise plan.site.placed(LanguageError(problem))
        return total

    def _children(self, plan: ListPlan) -> int:
        if not plan.count:
            return 0
        self._open.append("")
        try:
            if plan.kind == "Repeat":
                return (1 if plan.is_shared else plan.count) * self._child(plan, 0)
            return sum(self._child(plan, number) for number in range(plan.count))
        finally:
            self._open.pop()

    def _child(self, plan: ListPlan, number: int) -> int:
        child = _attempt(lambda: plan.child(number))
        return 1 if child is None else self._count(child)

    def _block(self, plan: BlockPlan) -> int:
        block = plan.block
        if block.name in self._open or not block.modules:
            return 0
        key = _key(plan)
        if key not in self._counted:
            self._open.append(block.name)
            try:
                self._counted[key] = self._modules(block, plan)
            finally:
                self._open.pop()
        return self._counted[key]

    def _modules(self, block: Block, plan: BlockPlan) -> int:
        scope = self._scope.extended(plan.arguments, plan.origins)
        scope.let = block.let
        total = 0
        for code in block.modules.values():
            child = _attempt(lambda code=code: self._plan(code, scope))  # type: ignore[misc]
            total += 0 if child is None else self._count(child)
        return total


def _attempt(make: Callable[[], Plan | None]) -> Plan | None:
    try:
        return make()
    except (LanguageError, ParamctlError):
        return None


def _key(plan: BlockPlan) -> Any:
    """What the count of a block depends on; sizes that are not known yet can't decide anything."""
    given = tuple(
        (name, "?" if isinstance(value, Unknown) else repr(value))
        for name, value in plan.arguments.items()
    )
    return plan.block.name, id(plan.block), given
