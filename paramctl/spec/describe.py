"""Families and layers as a user looks them up: arguments, tensors, defaults, in words."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

from paramctl.errors import UsageError
from paramctl.expression.parse import Code
from paramctl.names import near, show
from paramctl.spec.block import Block
from paramctl.spec.catalog import LAYERS, builtin_layers
from paramctl.spec.constructors import LISTS, usage
from paramctl.spec.document import FAMILIES, family_names, read_document, read_match
from paramctl.spec.load import locate
from paramctl.spec.nodes import expect_scalar
from paramctl.spec.tensors import KINDS

_LISTS = {
    "Sequential": ("Sequential(a, b, …, name='{i}')", "layers one after the other"),
    "Repeat": ("Repeat(n, Layer(i), name='{i}', shared=False)", "n copies; i is the number"),
    "Parallel": (
        "Parallel(a, b, …, merge='concat', axis=-1)",
        "layers side by side; merge: concat, add or none",
    ),
    "Residual": ("Residual(a, b, …)", "x + f(x), with the layers as f"),
}


@dataclass(frozen=True)
class FamilyText:
    """A built-in family in words."""

    name: str
    about: str
    extends: str
    model_type: tuple[str, ...]
    architectures: tuple[str, ...]


@dataclass(frozen=True)
class TensorText:
    """A tensor of a layer in words: its sizes and scheme are expressions of the arguments."""

    name: str
    kind: str
    shape: str
    axes: str
    init: str
    when: str


@dataclass(frozen=True)
class LayerText:
    """A built-in layer in words."""

    name: str
    usage: str
    about: str
    tensors: tuple[TensorText, ...]


def describe_families() -> list[FamilyText]:
    """Every built-in family."""
    return [_family(name) for name in family_names()]


def _family(name: str) -> FamilyText:
    document = read_document(FAMILIES / f"{name}.yaml")
    match = read_match(document.get("match"))
    extends = document.get("extends")
    about = document.get("about")
    return FamilyText(
        name,
        expect_scalar(about, "about").text if about else "",
        expect_scalar(extends, "extends").text if extends else "",
        match.model_type,
        match.architectures,
    )


def describe_layers(name: str | None = None) -> list[LayerText]:
    """Every built-in layer, or the one of a name.

    Raises:
        UsageError: there is none of that name; the hint offers the nearest.
    """
    layers = builtin_layers()
    known = [*LISTS, *layers]
    if name is None:
        return [_layer(each) for each in known]
    if name not in known:
        similar = near(name, known)
        hint = f"did you mean {similar[0]}?" if similar else "run `paramctl spec layers`"
        raise UsageError(f"no built-in layer named '{show(name)}'", hint=hint)
    return [_layer(name)]


def _layer(name: str) -> LayerText:
    if name in LISTS:
        return LayerText(name, *_LISTS[name], ())
    block = builtin_layers()[name]
    return LayerText(name, usage(block), block.about, tuple(_tensors(block)))


def _tensors(block: Block) -> list[TensorText]:
    return [_tensor(name, code) for name, code in block.parameters.items()]


def _tensor(name: str, code: Code) -> TensorText:
    """Read off the expression, which is not evaluated."""
    assert code.result is not None
    node: ast.expr = code.result
    when = ""
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "Repeat":
        count, node = node.args
        when = f"for i in range({ast.unparse(count)})"
    if isinstance(node, ast.IfExp):
        when, node = f"{when} if {ast.unparse(node.test)}".strip(), node.body
    assert isinstance(node, ast.Call)
    options = {keyword.arg: keyword.value for keyword in node.keywords}
    axes, init = options.get("axes"), options.get("init")
    return TensorText(
        name,
        KINDS[ast.unparse(node.func)],
        f"[{', '.join(ast.unparse(size) for size in node.args)}]",
        str(axes.value) if isinstance(axes, ast.Constant) else "",
        ast.unparse(init) if init else "",
        when,
    )


def spec_text(name: str) -> tuple[Path, str]:
    """File and text of a spec, or of a built-in layer.

    Raises:
        UsageError, SpecError: there is none, or it is no spec.
    """
    if name in builtin_layers():
        return _layer_text(name)
    path = locate(name)
    read_document(path)
    return path, path.read_text(encoding="utf-8")


def _layer_text(name: str) -> tuple[Path, str]:
    """The lines of a layer in its file: from its key to the next one."""
    for path in sorted(LAYERS.glob("*.yaml")):
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        for start, line in enumerate(lines):
            if line.startswith(f"{name}:"):
                stop = start + 1
                while stop < len(lines) and lines[stop][:1] in (" ", "\n"):
                    stop += 1
                return path, "".join(lines[start:stop]).rstrip() + "\n"
    raise UsageError(f"no built-in layer named '{show(name)}'")
