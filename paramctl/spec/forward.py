"""How modules of a spec run: the names that a ``forward`` sees, and lists of layers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

from paramctl.engine.bound import bind
from paramctl.engine.execution import Execution
from paramctl.engine.function import FUNCTIONS, function_names, has_function
from paramctl.engine.tensor import Tensor
from paramctl.engine.unknown import Unknown
from paramctl.expression.errors import LanguageError
from paramctl.expression.values import Function
from paramctl.spec.arithmetic import ARITHMETIC
from paramctl.spec.block import Argument, Block
from paramctl.spec.config import evaluate_default
from paramctl.spec.module import SpecModule
from paramctl.spec.plans import NamedFunction


class Functions(Mapping[str, Any]):
    """The functions of the engine within one run, by name."""

    __slots__ = ("execution",)

    def __init__(self, execution: Execution) -> None:
        self.execution = execution

    def __contains__(self, name: object) -> bool:
        return bool(_kind(str(name))) or name in ARITHMETIC

    def __getitem__(self, name: str) -> Function:
        kind = _kind(name)
        if kind == "function":
            return EngineFunction(name, partial(FUNCTIONS[name], self.execution))
        if kind == "operation":
            return EngineFunction(name, partial(self.execution.apply, name))
        return Function(name, ARITHMETIC[name])

    def __iter__(self) -> Iterator[str]:
        return iter(function_names())

    def __len__(self) -> int:
        return len(function_names())


@lru_cache(maxsize=1024)
def _kind(name: str) -> str:
    """Which table of the engine has a name; empty for neither."""
    if name in FUNCTIONS:
        return "function"
    return "operation" if has_function(name) else ""


class EngineFunction(Function):
    """A function of the engine: values of a kind that no rule of it expects don't fit."""

    __slots__ = ()

    def language_call(self, *given: Any, **named: Any) -> Any:
        """Call it.

        Raises:
            LanguageError: it takes other arguments, or other values.
        """
        try:
            return super().language_call(*given, **named)
        except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
            told = str(error).split("\n")[0][:200]
            raise LanguageError(f"{self.name}: these values don't fit ({told})") from error


class ForwardScope(Mapping[str, Any]):
    """Inputs over tensors and children, over arguments, over the config."""

    __slots__ = ("execution", "functions", "inputs", "module")

    def __init__(self, execution: Execution, module: SpecModule, inputs: Mapping[str, Any]) -> None:
        self.execution = execution
        self.module = module
        self.inputs = inputs
        self.functions = Functions(execution)

    def __contains__(self, name: object) -> bool:
        module = self.module
        if name in self.inputs or name in module.children or name in module.parameters:
            return True
        return name in module.families or (module.scope is not None and name in module.scope)

    def __getitem__(self, name: str) -> Any:
        if name in self.inputs:
            return self.inputs[name]
        module = self.module
        for table in (module.parameters, module.children):
            if name in table:
                return bind(self.execution, table[name])
        if name in module.families:
            names = module.families[name]
            return [bind(self.execution, module.parameters[each]) for each in names]
        assert module.scope is not None
        value = module.scope[name]
        return self.functions[value.name] if isinstance(value, NamedFunction) else value

    def __iter__(self) -> Iterator[str]:
        module = self.module
        yield from {
            **self.inputs,
            **module.parameters,
            **module.children,
            **(dict.fromkeys(module.scope) if module.scope else {}),
        }

    def __len__(self) -> int:
        return len(list(iter(self)))


class Trail:
    """Which layer of a list made what the next one is given; for messages about sizes."""

    def __init__(self) -> None:
        self.before = ""

    def take(self) -> str:
        """The last layer's name, once."""
        before, self.before = self.before, ""
        return before


def block_forward(block: Block, module: SpecModule) -> Callable[..., Any]:
    """``forward`` of a module whose block has one."""
    assert block.forward is not None
    code = block.forward

    def forward(execution: Execution, *values: Any) -> Any:
        scope = ForwardScope(execution, module, bind_inputs(block, module, values))
        return code.evaluate(scope, scope.functions)

    return forward


def bind_inputs(block: Block, module: SpecModule, values: Sequence[Any]) -> dict[str, Any]:
    """The values by the names of the inputs, defaults for those left out.

    Raises:
        LanguageError: too many, or too few.
    """
    declared = inputs_of(block)
    if len(values) > len(declared):
        raise LanguageError(
            f"{module.type_name} takes {_counted(declared)}, found {len(values)} inputs"
        )
    bound = dict(zip(declared, values, strict=False))
    for name, argument in declared.items():
        if name not in bound:
            if argument is None or argument.is_required:
                raise LanguageError(f"{module.type_name} needs the input '{name}'")
            bound[name] = evaluate_default(argument.default, module.scope or {})
    return bound


def inputs_of(block: Block) -> Mapping[str, Argument | None]:
    """The declared inputs, or the one that is there without a declaration."""
    return block.inputs or {"x": None}


def _counted(declared: Mapping[str, Any]) -> str:
    return f"{len(declared)} input{'s' if len(declared) > 1 else ''} ({', '.join(declared)})"


def function_forward(name: str) -> Callable[..., Any]:
    """``forward`` of a layer that is a function of its first input."""

    def forward(execution: Execution, x: Any, *_rest: Any) -> Any:
        return execution.function(name, x)

    return forward


def list_forward(module: SpecModule, trail: Trail) -> Callable[..., Any]:
    """``forward`` of a list of layers: one after the other, further inputs handed to each."""

    def forward(execution: Execution, *values: Any) -> Any:
        if not values:
            raise LanguageError(f"{module} needs an input")
        value, rest = values[0], values[1:]
        trail.before = before = trail.take()
        for child in module:
            trail.before = before
            value = call_child(execution, child, value, *rest)
            before = f"the layer before it ({', '.join(filter(None, (child.path, child.place)))})"
        trail.before = ""
        return value

    return forward


def parallel_forward(module: SpecModule, merge: str, axis: int) -> Callable[..., Any]:
    """``forward`` of layers side by side on the same inputs."""

    def forward(execution: Execution, *values: Any) -> Any:
        results = [call_child(execution, child, *values) for child in module]
        if merge == "none" or not results:
            return tuple(results)
        if merge == "concat":
            return execution.apply("concat", *results, axis=axis)
        total = results[0]
        for result in results[1:]:
            total = total + result
        return total

    return forward


def residual_forward(module: SpecModule, trail: Trail) -> Callable[..., Any]:
    """``x + f(x)`` with the children one after the other as ``f``."""
    inner = list_forward(module, trail)

    def forward(execution: Execution, x: Any, *rest: Any) -> Any:
        return x + inner(execution, x, *rest)

    return forward


def call_child(execution: Execution, child: Any, *values: Any) -> Any:
    """A child's value; an error without a place gets the place where the child is asked for."""
    try:
        return execution.call(child, *values)
    except LanguageError as error:
        site = getattr(child, "site", None)
        if site is None:
            raise
        raise site.placed(error) from None


def block_infer(block: Block, module: SpecModule, trail: Trail) -> Callable[..., None]:
    """Finds the arguments that follow from the inputs, and compares those that are known."""

    def infer(execution: Execution, values: tuple[Any, ...]) -> None:
        before = trail.take()
        module.learn()
        if block.infer:
            scope = ForwardScope(execution, module, bind_inputs(block, module, values))
            for name, code in block.infer.items():
                found = code.evaluate(scope, scope.functions)
                if not isinstance(found, Unknown):
                    module.settle(name, found, before or _source(values))
        module.refresh()

    return infer


def _source(values: Sequence[Any]) -> str:
    first = values[0] if values else None
    if isinstance(first, Tensor) and first.name:
        return f"the input {first.name}"
    return f"its input {first}" if first is not None else "its input"
