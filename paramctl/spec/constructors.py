"""The names that can be called under ``modules``: blocks, lists of layers, functions."""

from __future__ import annotations

import ast
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from paramctl.engine.function import function_names, has_function
from paramctl.expression.errors import LanguageError
from paramctl.expression.evaluate import Evaluator
from paramctl.expression.operators import truth
from paramctl.expression.values import describe
from paramctl.names import near
from paramctl.spec.block import Block
from paramctl.spec.catalog import builtin_layers
from paramctl.spec.config import evaluate_default
from paramctl.spec.limits import MOST_MODULES
from paramctl.spec.openness import open_arguments
from paramctl.spec.plans import BlockPlan, ListPlan, NamedFunction, Plan, Site, as_plan
from paramctl.spec.questions import Questions
from paramctl.spec.scope import Scope, names_in, origin_of
from paramctl.spec.sizes import Deferred

LISTS = ("Sequential", "Parallel", "Residual", "Repeat")


class Constructors(Mapping[str, Any]):
    """What a name means in an expression under ``modules``.

    Args:
        blocks: the spec's own blocks, which hide built-in layers of the same name.
        present: whether the checkpoint has tensors under a prefix.
    """

    def __init__(self, blocks: Mapping[str, Block], present: Callable[[str], bool] | None) -> None:
        self.blocks: Mapping[str, Block] = ChainMap(dict(blocks), builtin_layers())  # type: ignore[arg-type]
        self.questions = Questions(present).table()
        self._sizes: dict[str, frozenset[str]] = {}

    def sizes_of(self, block: Block) -> frozenset[str]:
        """The arguments of a block that may stay unknown."""
        if block.name not in self._sizes:
            self._sizes[block.name] = open_arguments(block, self.blocks)
        return self._sizes[block.name]

    def __contains__(self, name: object) -> bool:
        is_own = name in self.blocks or name in LISTS or name in self.questions or name == "sizes"
        return is_own or has_function(str(name))

    def __getitem__(self, name: str) -> Any:
        if name in self.blocks:
            return BlockConstructor(self.blocks[name], self)
        if name == "Repeat":
            return RepeatConstructor()
        if name in LISTS:
            return ListConstructor(name)
        if name in self.questions:
            return self.questions[name]
        return NamedFunction(name)

    def __iter__(self) -> Iterator[str]:
        yield from (*self.blocks, *LISTS, *self.questions, *function_names())

    def __len__(self) -> int:
        return len(list(iter(self)))


def plan_of(run: Evaluator, node: ast.expr) -> Plan | None:
    """The plan that a node of an expression stands for.

    Raises:
        ParamctlError: at the place where something is wrong.
    """
    value = run.value(node)
    try:
        return as_plan(value, Site(run.code, node), has_function)
    except LanguageError as error:
        raise run.placed(error, node) from None


class BlockConstructor:
    """Called, it gives the plan of a module made from a block."""

    def __init__(self, block: Block, table: Constructors) -> None:
        self.block = block
        self.table = table

    def __repr__(self) -> str:
        return f"the layer {self.block.name}"

    def language_call(self, *_given: Any) -> Any:
        """Marks it as callable; ``language_form`` is what runs."""
        raise LanguageError(f"{self.block.name} can't be called here")

    def language_form(self, run: Evaluator, node: ast.Call) -> BlockPlan:
        """The plan, with every argument's value and where it came from.

        Raises:
            LanguageError: an argument is missing, unknown or given twice.
        """
        scope = run.scope
        assert isinstance(scope, Scope)
        values: dict[str, Any] = {}
        origins: dict[str, str] = {}
        for name, given in self._bound(run, node).items():
            value = run.value(given)
            values[name] = (
                self._open(name) if value is None and self._may_stay_open(name) else value
            )
            origins[name] = origin_of(given, run.code, scope)
        self._fill(values, origins, scope)
        return BlockPlan(self.block, values, origins, Site(run.code, node))

    def _bound(self, run: Evaluator, node: ast.Call) -> dict[str, ast.expr]:
        declared = list(self.block.arguments)
        if len(node.args) > len(declared):
            count = len(declared)
            raise LanguageError(
                f"{self.block.name} takes {count} arguments, found {len(node.args)}",
                hint=usage(self.block),
            )
        bound = dict(zip(declared, node.args, strict=False))
        for keyword in node.keywords:
            name = str(keyword.arg)
            if name not in declared:
                similar = near(name, declared)
                hint = f"did you mean {similar[0]}?" if similar else usage(self.block)
                error = LanguageError(f"{self.block.name} has no argument '{name}'", hint=hint)
                raise run.placed(error, keyword)
            if name in bound:
                raise LanguageError(f"'{name}' is given twice", hint=usage(self.block))
            bound[name] = keyword.value
        return bound

    def _may_stay_open(self, name: str) -> bool:
        return name in self.table.sizes_of(self.block)

    def _open(self, name: str) -> Deferred:
        hint = f"give {name} to {self.block.name}, or the shape of the input"
        return Deferred(name, hint=hint)

    def _fill(self, values: dict[str, Any], origins: dict[str, str], scope: Scope) -> None:
        for name, argument in self.block.arguments.items():
            if name in values:
                continue
            if argument.is_required:
                raise LanguageError(f"{self.block.name} needs '{name}'", hint=usage(self.block))
            within = scope.config_only().extended(values, origins)
            value = evaluate_default(argument.default, within)
            deferrable = value is None and self._may_stay_open(name)
            values[name] = self._open(name) if deferrable else value
            origins[name] = f"the default of {self.block.name}"


def usage(block: Block) -> str:
    """How a block is called: ``Linear(out_features, in_features=None, bias=True)``."""
    parts = [
        name if argument.is_required else f"{name}={_shown(argument.default)}"
        for name, argument in block.arguments.items()
    ]
    return f"{block.name}({', '.join(parts)})"


def _shown(default: Any) -> str:
    return default.text if hasattr(default, "text") else repr(default)


class ListConstructor:
    """``Sequential(a, b)``, ``Parallel(a, b)`` and ``Residual(a, b)``."""

    merges = ("concat", "add", "none")

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def language_call(self, *_given: Any) -> Any:
        """Marks it as callable; ``language_form`` is what runs."""
        raise LanguageError(f"{self.kind} can't be called here")

    def language_form(self, run: Evaluator, node: ast.Call) -> ListPlan:
        """The plan; children that are ``None`` are left out and the rest is numbered.

        Raises:
            LanguageError: an option is unknown.
        """
        options: dict[str, Any] = {"name": "{i}"}
        if self.kind == "Parallel":
            options |= {"merge": "concat", "axis": -1}
        options = _options(run, node, self.kind, options)
        if self.kind == "Parallel" and options["merge"] not in self.merges:
            raise LanguageError(f"merge is one of {', '.join(self.merges)}")
        parts = node.args
        if len(parts) == 1 and isinstance(parts[0], ast.List):
            parts = parts[0].elts
        plans = [plan for part in parts if (plan := plan_of(run, part)) is not None]
        pattern = _pattern(options.pop("name"), len(plans))
        site = Site(run.code, node)
        return ListPlan(self.kind, len(plans), plans.__getitem__, site, pattern, options=options)


class RepeatConstructor:
    """``Repeat(n, Block(i))``: the expression is evaluated anew for each ``i``."""

    def language_call(self, *_given: Any) -> Any:
        """Marks it as callable; ``language_form`` is what runs."""
        raise LanguageError("Repeat can't be called here")

    def language_form(self, run: Evaluator, node: ast.Call) -> ListPlan:
        """The plan of the copies.

        Raises:
            LanguageError: the count is no whole number from 0 to the most modules.
        """
        if len(node.args) != 2:
            raise LanguageError("Repeat takes a count and a layer", hint="Repeat(4, Block(i))")
        options = _options(run, node, "Repeat", {"name": "{i}", "shared": False})
        count = run.value(node.args[0])
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            raise run.placed(
                LanguageError(f"a count is a whole number, not {describe(count)}"), node.args[0]
            )
        if count > MOST_MODULES:
            error = LanguageError(f"{count} modules are more than {MOST_MODULES:,}")
            raise run.placed(error, node.args[0])
        return ListPlan(
            "Repeat",
            count,
            partial(_copy, run, node.args[1]),
            Site(run.code, node),
            _pattern(options["name"], count),
            is_shared=truth(options["shared"]),
            is_uniform="i" not in names_in(node.args[1]),
        )


def _copy(run: Evaluator, node: ast.expr, number: int) -> Plan:
    scope = run.scope
    assert isinstance(scope, Scope)
    inner = scope.extended({"i": number}, {"i": f"the spec ({run.code.place.short})"})
    again = Evaluator(run.code, inner, run.functions)
    again.callable_kind = run.callable_kind
    plan = plan_of(again, node)
    if plan is None:
        raise again.placed(LanguageError("Repeat needs a layer, found None"), node)
    return plan


def _options(run: Evaluator, node: ast.Call, kind: str, defaults: dict[str, Any]) -> dict[str, Any]:
    options = dict(defaults)
    for keyword in node.keywords:
        if keyword.arg not in options:
            hint = f"it has {', '.join(options)}"
            raise run.placed(
                LanguageError(f"{kind} has no option '{keyword.arg}'", hint=hint), keyword
            )
        options[str(keyword.arg)] = run.value(keyword.value)
    return options


def _pattern(name: Any, count: int) -> str:
    if not isinstance(name, str) or not name or (count > 1 and "{i}" not in name):
        raise LanguageError("name is a text with {i} in it", hint='name="block {i}"')
    return name
