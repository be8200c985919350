"""Steps from a YAML file: ``steps:`` is a list of ``VERB: {argument or flag: value}``.

    steps:
      - rename: {rule: encoder=model.encoder}
      - init: {select: [lm_head], scheme: xavier, seed: 7}
        expect: 1

Names are those of the command line, with ``-`` or ``_``; texts are taken as they are written.
Files that a recipe names lie beside it.
"""

import inspect
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from paramctl.edit.plan import Step
from paramctl.edit.steps import STEPS, Texts
from paramctl.errors import ParamctlError
from paramctl.names import near, show
from paramctl.sources.address import is_url
from paramctl.sources.open import open_source
from paramctl.sources.source import Source
from paramctl.spec.nodes import Map, Node, Scalar, Sequence, expect_map, expect_scalar
from paramctl.spec.yaml import read_yaml

EXPECT = "expect"
_UNSAID = inspect.Parameter.empty


def read_recipe(path: Path, opened: ExitStack) -> list[Step]:
    """The steps of a recipe, each with its place.

    Args:
        opened: closes the checkpoints that steps take tensors from.

    Raises:
        SpecError: the file is missing or breaks a rule, or a step can't be so; with the place.
    """
    top = expect_map(read_yaml(path, what="recipe"), "a recipe")
    top.require_keys(("steps",), "a recipe")
    steps = top.get("steps")
    if not isinstance(steps, Sequence) or not steps.items:
        raise (steps or top).mistake("a recipe has a list of steps", "steps: [VERB: {…}, …]")
    return [_step(node, path.parent, opened) for node in steps]


def words(builder: Callable[..., Step]) -> dict[str, inspect.Parameter]:
    """The arguments and flags of a verb by the names they have in a recipe."""
    return {
        name.rstrip("_").replace("_", "-"): parameter
        for name, parameter in inspect.signature(builder).parameters.items()
        if parameter.kind is not parameter.KEYWORD_ONLY
    }


def _step(node: Node, folder: Path, opened: ExitStack) -> Step:
    table = expect_map(node, "a step")
    verbs = [name for name in table.entries if name != EXPECT]
    if len(verbs) != 1:
        raise table.mistake("a step is one verb: VERB: {…}, and perhaps expect: N")
    key = table.key(verbs[0])
    builder = _builder(key)
    arguments = table.get(verbs[0])
    given = expect_map(arguments, key.text) if arguments is not None else Map(key.place, {})
    values = _bound(key, given, builder, folder, opened)
    count = table.get(EXPECT)
    if count is not None and values.get(EXPECT) is not None:
        raise table.key(EXPECT).mistake("expect stands here twice")
    try:
        step = builder(**values)
    except ParamctlError as error:
        where = f"{error.where}: " if error.where else ""
        raise key.mistake(f"{where}{error.problem}", error.hint) from None
    if count is not None:
        if not step.edit.is_selective:
            raise table.key(EXPECT).mistake(f"{key.text} selects nothing that could be counted")
        step = replace(step, expect=_whole(count, EXPECT))
    return replace(step, where=key.place.where)


def _builder(key: Scalar) -> Callable[..., Step]:
    if key.text not in STEPS:
        similar = near(key.text, STEPS)
        hint = f"did you mean {similar[0]}?" if similar else f"verbs: {', '.join(sorted(STEPS))}"
        raise key.mistake(f"no edit is called '{show(key.text)}'", hint)
    return STEPS[key.text]


def _bound(
    key: Scalar, given: Map, builder: Callable[..., Step], folder: Path, opened: ExitStack
) -> dict[str, Any]:
    """Values by the names of a builder's parameters.

    Raises:
        SpecError: an unknown or missing name, or a value of the wrong kind.
    """
    parameters = words(builder)
    found: dict[str, Any] = {}
    for name, node in given.items():
        known = parameters.get(name.replace("_", "-"))
        if known is None:
            similar = near(name, parameters, 1)
            hint = f"did you mean {similar[0]}?" if similar else f"known: {', '.join(parameters)}"
            raise given.key(name).mistake(f"{key.text} has no '{show(name)}'", hint)
        if known.name in found:
            raise given.key(name).mistake(f"'{show(name)}' stands here twice")
        found[known.name] = _value(node, known.annotation, name, folder, opened)
    for name, parameter in parameters.items():
        if parameter.default is _UNSAID and parameter.name not in found:
            raise key.mistake(f"{key.text} needs '{name}'")
    return found


def _value(node: Node, wanted: Any, name: str, folder: Path, opened: ExitStack) -> Any:
    if wanted == Texts:
        parts = node.items if isinstance(node, Sequence) else (node,)
        return tuple(expect_scalar(part, name).text for part in parts)
    if wanted is bool:
        value = expect_scalar(node, name).value
        if not isinstance(value, bool):
            raise node.mistake(f"'{show(name)}' is true or false")
        return value
    if wanted in (int, int | None):
        return _whole(node, name)
    if wanted is float:
        return _number(node, name)
    text = expect_scalar(node, name).text
    if wanted == Path | None:
        return folder / text
    if wanted is Source:
        return opened.enter_context(_open(node, text if is_url(text) else folder / text))
    return text


def _open(node: Node, model: str | Path) -> Source:
    try:
        return open_source(model)
    except ParamctlError as error:
        raise node.mistake(str(error), error.hint) from None


def _whole(node: Node, name: str) -> int:
    value = expect_scalar(node, name).value
    if isinstance(value, bool) or not isinstance(value, int):
        raise node.mistake(f"'{show(name)}' is a whole number")
    return value


def _number(node: Node, name: str) -> float:
    value = expect_scalar(node, name).value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise node.mistake(f"'{show(name)}' is a number")
    return float(value)
