"""The language as a user looks it up: every operation and function, read off the tables."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

from paramctl.engine.execution import Execution
from paramctl.engine.function import FUNCTIONS, has_function, usage
from paramctl.engine.operation import OPERATIONS, Example, Operation
from paramctl.engine.shapes import show as show_shape
from paramctl.errors import UsageError
from paramctl.names import near, show
from paramctl.spec.arithmetic import ARITHMETIC
from paramctl.spec.questions import QUESTIONS, Questions


@dataclass(frozen=True)
class FunctionText:
    """A function of the language in words.

    Attributes:
        usage: how it is called.
        aliases: other names of it.
        formula: its first sentence.
        shapes: what goes in and comes out, as its rule or an example says.
        source: where it was published, if anywhere.
    """

    name: str
    usage: str
    aliases: tuple[str, ...]
    formula: str
    shapes: str
    source: str


def describe_functions(name: str | None = None) -> list[FunctionText]:
    """Every function of the language, or the one of a name.

    Raises:
        UsageError: there is none of that name; the hint offers the nearest.
    """
    known = sorted({*OPERATIONS, *FUNCTIONS, *QUESTIONS})
    if name is None:
        return [_described(each) for each in known]
    if name in QUESTIONS:
        return [_described(name)]
    if not has_function(name):
        similar = near(name, known, 1)
        hint = f"did you mean {similar[0]}?" if similar else "run `paramctl spec language`"
        raise UsageError(f"no function named '{show(name)}'", hint=hint)
    table: Any = FUNCTIONS if name in FUNCTIONS else OPERATIONS
    return [_described(table.canonical(name))]


def arithmetic_names() -> list[str]:
    """What can be called where only numbers are, such as in sizes."""
    return sorted(ARITHMETIC)


def _described(name: str) -> FunctionText:
    if name in QUESTIONS:
        told = inspect.getdoc(getattr(Questions, name)) or ""
        first = told.split("\n")[0]
        return FunctionText(name, QUESTIONS[name], (), first, _section(told, "Shapes"), "")
    aliases = [table.aliases(name) for table in (FUNCTIONS, OPERATIONS)]
    piece: Any = FUNCTIONS[name] if name in FUNCTIONS else type(OPERATIONS[name])
    text = inspect.getdoc(piece) or ""
    shapes = _section(text, "Shapes")
    if not shapes and name in OPERATIONS:
        shapes = _shapes_of_example(OPERATIONS[name])
    return FunctionText(
        name,
        usage(name),
        tuple(sorted({*aliases[0], *aliases[1]})),
        " ".join(text.split("\n\n")[0].split()),
        shapes,
        _section(text, "Source"),
    )


def _section(text: str, title: str) -> str:
    """The lines of ``title:`` in a docstring, joined."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if line.startswith(f"{title}:"):
            found = [line.removeprefix(f"{title}:")]
            for more in lines[number + 1 :]:
                if not more.startswith(" "):
                    break
                found.append(more)
            return " ".join(" ".join(found).split())
    return ""


def _shapes_of_example(operation: Operation) -> str:
    """What the shape rule says of the first example: ``[2, 3] → [2]``."""
    examples = operation.examples()
    if not examples:
        return ""
    run = Execution(mode="shapes")
    operands = [_operand(run, operand) for operand in examples[0].operands]
    result = run.apply(operation.name, *operands, **examples[0].options)
    results = result if isinstance(result, tuple) else (result,)
    told = ", ".join(show_shape(one.shape) for one in results)
    return f"for example {_call(operation, examples[0])} → {told}"


def _operand(run: Execution, operand: Any) -> Any:
    if isinstance(operand, tuple):
        return run.placeholder(operand, "float32", "")
    return run.constant(operand) if isinstance(operand, list) else operand


def _call(operation: Operation, example: Example) -> str:
    parts = [
        show_shape(operand) if isinstance(operand, tuple) else str(operand)
        for operand in example.operands
    ]
    parts += [f"{name}={value!r}" for name, value in example.options.items()]
    return f"{operation.name}({', '.join(parts)})"
