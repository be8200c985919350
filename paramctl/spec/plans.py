"""What an expression under ``modules`` gives: the plan of a module that has no name yet."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from paramctl.expression.errors import LanguageError
from paramctl.expression.evaluate import Evaluator
from paramctl.expression.parse import Code
from paramctl.expression.place import Place
from paramctl.expression.values import describe
from paramctl.spec.arithmetic import ARITHMETIC
from paramctl.spec.block import Block


@dataclass(frozen=True)
class Site:
    """Where a spec asks for something: a node of some code."""

    code: Code
    node: ast.AST

    @property
    def place(self) -> Place:
        """The place of the node's first character."""
        line = getattr(self.node, "lineno", 1)
        return self.code.place.moved(line, getattr(self.node, "col_offset", 0))

    def placed(self, error: LanguageError) -> Exception:
        """An error with this place; as it is inside a built-in layer."""
        if self.code.place.is_builtin:
            return error
        mistake = self.code.mistake(self.node, error.message, error.hint)
        mistake.__dict__["frames"] = error.frames
        return mistake


def site_at(place: Place) -> Site:
    """The site of something that is no expression."""
    node = ast.Constant(value=None, lineno=1, col_offset=0, end_lineno=1, end_col_offset=1)
    return Site(Code("", place, (), node), node)


@dataclass(frozen=True)
class BlockPlan:
    """A module made from a block.

    Attributes:
        arguments: values by name; sizes may not be known yet.
        origins: where each value came from, in words.
    """

    block: Block
    arguments: Mapping[str, Any]
    origins: Mapping[str, str]
    site: Site

    def __repr__(self) -> str:
        return f"the layer {self.block.name}"


@dataclass(frozen=True)
class FunctionPlan:
    """A layer without tensors: a function of one tensor."""

    name: str
    site: Site

    def __repr__(self) -> str:
        return f"the layer {self.name}"


@dataclass(frozen=True)
class ListPlan:
    """A module whose children are numbered, or named by a pattern.

    Attributes:
        kind: ``Sequential``, ``Repeat``, ``Parallel`` or ``Residual``.
        count: number of children.
        child: the plan of a child, by its number; made when it is needed.
        pattern: names of the children, with ``{i}`` for the number.
        is_shared: all children are one module.
        is_uniform: every child has the same plan, whatever its number.
        options: further options of the kind.
    """

    kind: str
    count: int
    child: Callable[[int], Plan]
    site: Site
    pattern: str = "{i}"
    is_shared: bool = False
    is_uniform: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"the layer {self.kind}"

    def names(self) -> Iterator[str]:
        """Names of the children, in order."""
        for number in range(self.count):
            yield self.pattern.replace("{i}", str(number))


Plan: TypeAlias = BlockPlan | FunctionPlan | ListPlan


class NamedFunction:
    """A function by its name, where nothing runs yet: a layer, an argument, or arithmetic."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name

    def language_form(self, run: Evaluator, node: ast.Call) -> Any:
        """``sqrt(5)`` is a number and ``relu()`` the layer; nothing else can be computed here."""
        if not node.args and not node.keywords:
            return FunctionPlan(self.name, Site(run.code, node))
        if self.name not in ARITHMETIC:
            raise LanguageError(
                f"{self.name} can't be computed here",
                hint=f"as a layer it stands as {self.name}, without ()",
            )
        given = [run.value(argument) for argument in node.args]
        return ARITHMETIC[self.name](*given)

    def language_call(self, *_given: Any) -> Any:
        """Marks it as callable; ``language_form`` is what runs."""
        raise LanguageError(f"{self.name} can't be computed here")


def as_plan(value: Any, site: Site, functions: Callable[[str], bool]) -> Plan | None:
    """The plan that a value stands for: a bare function name is a layer, ``None`` is none.

    Args:
        functions: whether a text names a function.

    Raises:
        LanguageError: the value is no layer.
    """
    match value:
        case None | BlockPlan() | FunctionPlan() | ListPlan():
            return value
        case NamedFunction(name=name):
            return FunctionPlan(name, site)
        case str() if functions(value):
            return FunctionPlan(value, site)
    found = describe(value)
    layer = found.removeprefix("the layer ")
    hint = f"call it: {layer}(…)" if layer != found else ""
    raise LanguageError(f"a layer is expected here, found {found}", hint=hint)
