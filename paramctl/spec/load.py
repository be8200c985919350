"""A spec, read: config resolved, inputs, blocks, ties and rules ready to build from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paramctl.errors import SpecError, UsageError
from paramctl.expression.parse import Code
from paramctl.expression.place import Place
from paramctl.names import show
from paramctl.spec.block import MODEL_KEYS, Block, read_block
from paramctl.spec.config import Resolved, read_config, resolve
from paramctl.spec.document import (
    Document,
    Match,
    family_path,
    read_document,
    read_match,
    shown,
)
from paramctl.spec.inputs import InputDeclaration, read_inputs
from paramctl.spec.nodes import Map, Node, Sequence, expect_map, expect_scalar, texts
from paramctl.spec.recognize import families as families
from paramctl.spec.recognize import family_ties as family_ties
from paramctl.spec.recognize import find_family as find_family
from paramctl.spec.scheme import scheme_text
from paramctl.spec.ties_section import read_ties


@dataclass(frozen=True)
class Spec:
    """An architecture with its config resolved.

    Attributes:
        config: values of all config names; ``origins`` says in words where each came from.
        inputs: what the model takes; empty where the spec doesn't say.
        outputs: names of what it returns, where the spec gives them.
        blocks: the spec's own blocks.
        model: a block, a list of expressions (a Sequential), or one expression.
        ties: alias to canonical name, those that hold under this config.
        tie_places: where each of them is declared, by alias.
        init: selection to scheme text, in order; the last match wins.
        prefixes: prefixes of names that files of this family carry or lack.
        renamed: runs of name segments in old files, and what they are called here.
        ignore: patterns of tensors that files may hold and the model does not need.
    """

    name: str
    path: Path
    about: str
    config: Mapping[str, Any]
    origins: Mapping[str, str]
    inputs: Mapping[str, InputDeclaration]
    outputs: tuple[str, ...]
    blocks: Mapping[str, Block]
    model: Block | tuple[Any, ...] | Code
    ties: Mapping[str, str]
    tie_places: Mapping[str, Place]
    init: Mapping[str, str]
    prefixes: tuple[str, ...]
    renamed: Mapping[str, str]
    ignore: tuple[str, ...]
    match: Match

    @property
    def input_names(self) -> tuple[str, ...]:
        """What the model's forward takes, in order."""
        if isinstance(self.model, Block) and self.model.inputs:
            return tuple(self.model.inputs)
        return tuple(self.inputs) or ("x",)


def locate(spec: str | Path) -> Path:
    """The file of a SPEC: a path to a ``.yaml``, or the name of a built-in family.

    Raises:
        UsageError: it is neither.
    """
    text = str(spec)
    if isinstance(spec, Path) or text.endswith((".yaml", ".yml")) or "/" in text:
        return Path(spec)
    try:
        return family_path(text)
    except SpecError as error:
        hint = error.hint or "a spec is a .yaml file or a built-in family"
        raise UsageError(error.problem, hint=hint) from None


def load_spec(
    spec: str | Path,
    config: Mapping[str, Any] | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Spec:
    """The spec of a file or a built-in family.

    Args:
        config: a checkpoint's config.json.
        overrides: config names set by the user; they win.

    Raises:
        SpecError: with file, line and column.
        UsageError: no such family, or an override that the spec has no name for.
    """
    document = read_document(locate(spec))
    resolved = _config(document, config, overrides)
    model = document.get("model")
    if model is None:
        raise SpecError("a spec needs a model", where=shown(document.path), hint="model: …")
    about = document.get("about")
    return Spec(
        name=document.name,
        path=document.path,
        about=expect_scalar(about, "about").text.strip() if about else "",
        config=resolved.values,
        origins=resolved.origins,
        inputs=read_inputs(document.get("inputs"), resolved.values),
        outputs=_outputs(model),
        blocks=_blocks(document.get("blocks")),
        model=_model(model),
        ties=read_ties(document.get("ties"), resolved.values),
        tie_places=_tie_places(document.get("ties")),
        init=_init(document.get("init"), resolved.values),
        prefixes=texts(document.get("prefixes"), "prefixes"),
        renamed=_renamed(document.get("renamed")),
        ignore=texts(document.get("ignore"), "ignore"),
        match=read_match(document.get("match")),
    )


def _config(
    document: Document,
    config: Mapping[str, Any] | None,
    overrides: Mapping[str, Any] | None,
) -> Resolved:
    return resolve(read_config(document.get("config")), config, overrides)


def _blocks(node: Node | None) -> dict[str, Block]:
    if node is None:
        return {}
    table = expect_map(node, "blocks")
    blocks = {}
    for name, part in table.items():
        if not name.isidentifier() or name.startswith("__"):
            raise table.key(name).mistake(f"'{show(name)}' can't be the name of a block")
        blocks[name] = read_block(name, part)
    return blocks


def _model(node: Node) -> Block | tuple[Any, ...] | Code:
    if isinstance(node, Map):
        return read_block("Model", node, MODEL_KEYS)
    if isinstance(node, Sequence):
        return _list(node)
    return expect_scalar(node, "model").code()


def _list(node: Sequence) -> tuple[Any, ...]:
    return tuple(
        _list(part) if isinstance(part, Sequence) else expect_scalar(part, "a layer").code()
        for part in node
    )


def _outputs(model: Node) -> tuple[str, ...]:
    return texts(model.get("outputs"), "outputs") if isinstance(model, Map) else ()


def _tie_places(node: Node | None) -> dict[str, Place]:
    if node is None:
        return {}
    table = expect_map(node, "ties")
    return {alias: table.key(alias).place for alias, _ in table.items()}


def _init(node: Node | None, config: Mapping[str, Any]) -> dict[str, str]:
    if node is None:
        return {}
    return {
        selection: scheme_text(expect_scalar(part, "a scheme"), config)
        for selection, part in expect_map(node, "init").items()
    }


def _renamed(node: Node | None) -> dict[str, str]:
    if node is None:
        return {}
    table = expect_map(node, "renamed")
    return {old: expect_scalar(part, "a name").text for old, part in table.items()}
