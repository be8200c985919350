"""A block as a spec declares it: arguments, tensors, children, and how it computes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from paramctl.expression.parse import Code
from paramctl.expression.place import Place
from paramctl.names import show
from paramctl.spec.nodes import Map, Node, Scalar, Sequence, expect_map, expect_scalar, texts

KEYS = ("about", "role", "args", "let", "infer", "params", "modules", "inputs", "forward")
MODEL_KEYS = ("about", "inputs", "outputs", "params", "modules", "forward")
REQUIRED = "required"


@dataclass(frozen=True)
class Argument:
    """An argument of a block, or an input of its ``forward``.

    Attributes:
        is_required: it has no default.
        default: the default; code is evaluated over the arguments before it and the config.
    """

    name: str
    place: Place
    is_required: bool
    default: Any = None


@dataclass(frozen=True)
class Block:
    """The parts of a block, each expression parsed.

    Attributes:
        role: what its tensors do, such as ``norm``; for selections.
        let: names for values computed from the arguments, in order.
        infer: how an argument that is not known follows from the inputs.
        is_builtin: part of paramctl, so that mistakes belong to whoever uses it.
    """

    name: str
    place: Place
    about: str = ""
    role: str = ""
    arguments: Mapping[str, Argument] = field(default_factory=dict)
    let: Mapping[str, Code] = field(default_factory=dict)
    infer: Mapping[str, Code] = field(default_factory=dict)
    parameters: Mapping[str, Code] = field(default_factory=dict)
    modules: Mapping[str, Code] = field(default_factory=dict)
    inputs: Mapping[str, Argument] = field(default_factory=dict)
    forward: Code | None = None

    @property
    def is_builtin(self) -> bool:
        """Whether it comes with paramctl."""
        return self.place.is_builtin


def read_block(name: str, node: Node, keys: tuple[str, ...] = KEYS) -> Block:
    """The block that a map declares.

    Raises:
        SpecError: an unknown key, a text that is no code, or a name that is used twice.
    """
    table = expect_map(node, f"block {show(name)}")
    table.require_keys(keys, "a block")
    block = Block(
        name,
        table.place,
        about=_text(table, "about"),
        role=_text(table, "role"),
        arguments=_arguments(table.get("args"), "args"),
        let=_codes(table.get("let"), "let"),
        infer=_codes(table.get("infer"), "infer"),
        parameters=_codes(table.get("params"), "params"),
        modules=_codes(table.get("modules"), "modules"),
        inputs=_inputs(table.get("inputs")),
        forward=_forward(table.get("forward")),
    )
    _check(block, table)
    return block


def _text(table: Map, key: str) -> str:
    node = table.get(key)
    return expect_scalar(node, key).text.strip() if node else ""


def _codes(node: Node | None, what: str) -> dict[str, Code]:
    if node is None:
        return {}
    table = expect_map(node, what)
    codes = {}
    for name, part in table.items():
        _check_name(name, table.key(name))
        codes[name] = expect_scalar(part, f"{what}.{show(name)}").code()
    return codes


def _check_name(name: str, key: Scalar) -> None:
    if not name or name.startswith("__") or name.strip() != name or "\n" in name:
        raise key.mistake(f"'{show(name)}' can't be a name")


def _arguments(node: Node | None, what: str) -> dict[str, Argument]:
    """Names with defaults; a list, or the word ``required``, has none."""
    if node is None:
        return {}
    if isinstance(node, Sequence):
        parts = [expect_scalar(part, what) for part in node]
        return {part.text: Argument(part.text, part.place, True) for part in parts}
    table = expect_map(node, what)
    found = {}
    for name, part in table.items():
        _check_name(name, table.key(name))
        is_required = isinstance(part, Scalar) and part.is_plain and part.text == REQUIRED
        default = None if is_required else literal(part)
        found[name] = Argument(name, table.key(name).place, is_required, default)
    return found


def literal(node: Node) -> Any:
    """A default: a plain value, a list of them, or code where the text begins with ``=``."""
    if isinstance(node, Sequence):
        return [literal(part) for part in node]
    scalar = expect_scalar(node, "a default")
    if scalar.is_plain and scalar.text.startswith("="):
        blank = len(scalar.text) - len(scalar.text[1:].lstrip())
        place = scalar.place.moved(1, blank)
        return Scalar(place, scalar.text[1:].lstrip()).code()
    return scalar.value


def _inputs(node: Node | None) -> dict[str, Argument]:
    if node is None:
        return {}
    if isinstance(node, Map):
        return _arguments(node, "inputs")
    names = texts(node, "inputs")
    for name in names:
        if not name.isidentifier() or name.startswith("__"):
            raise node.mistake(f"'{show(name)}' can't be the name of an input")
    return {name: Argument(name, node.place, True) for name in names}


def _forward(node: Node | None) -> Code | None:
    if node is None:
        return None
    scalar = expect_scalar(node, "forward")
    if scalar.is_folded:
        raise scalar.mistake("lines of a forward would be joined here", "write them after |")
    return scalar.code("body")


def _check(block: Block, table: Map) -> None:
    """Names that would hide each other, and assignments that would hide a child."""
    for name in block.infer:
        if name not in block.arguments:
            place = block.infer[name].place
            raise place.mistake(f"infer finds '{show(name)}', which is no argument")
    owned = {**block.parameters, **block.modules}
    for name in block.modules:
        if name in block.parameters:
            raise block.modules[name].place.mistake(f"'{show(name)}' is a tensor and a child")
    for name, given in block.inputs.items():
        if name in owned:
            raise given.place.mistake(f"'{show(name)}' is an input and a child or tensor")
    if block.forward is None:
        if block.parameters and not block.modules:
            raise table.mistake("a block with tensors needs a forward")
        return
    for name, node in block.forward.assigned.items():
        if name in owned:
            kind = "a child" if name in block.modules else "a tensor"
            raise block.forward.mistake(
                node, f"'{name}' is {kind} of this block", "assign to another name"
            )
