"""A spec's document: its sections, checked, and merged with the spec that it extends."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from paramctl.errors import SpecError
from paramctl.names import near, show
from paramctl.spec.nodes import Map, Node, Scalar, expect_map, expect_scalar, texts
from paramctl.spec.yaml import read_yaml

FAMILIES = Path(__file__).parent / "families"
VERSION = 1
KEYS = (
    "paramctl", "name", "about", "extends", "match", "prefixes", "renamed", "ignore",
    "config", "inputs", "blocks", "model", "ties", "init",
)  # fmt: skip
_MERGED = ("config", "inputs", "blocks", "ties", "init", "renamed")
_OWN = ("name", "about", "match")
_MOST_BASES = 8
_SIBLING = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*\.ya?ml")


@dataclass(frozen=True)
class Document:
    """The sections of a spec, those of its bases merged in, and the files they came from."""

    path: Path
    sections: dict[str, Node]
    files: tuple[Path, ...]

    def get(self, key: str) -> Node | None:
        """A section; ``None`` where it is missing or null."""
        node = self.sections.get(key)
        return None if node is None or _is_null(node) else node

    @property
    def name(self) -> str:
        """The spec's own name, or its file's."""
        node = self.get("name")
        return expect_scalar(node, "name").text if node else self.path.stem


def shown(path: Path) -> str:
    """What messages call a spec's file: a built-in family by its name alone."""
    return path.name if path.parent == FAMILIES else show(str(path))


def family_path(name: str) -> Path:
    """The file of a built-in family.

    Raises:
        SpecError: there is no such family; the hint offers the nearest.
    """
    path = FAMILIES / f"{name}.yaml"
    if re.fullmatch(r"[a-z0-9_-]+", name) and path.is_file():
        return path
    similar = near(name, family_names())
    hint = f"did you mean {similar[0]}?" if similar else "run `paramctl spec list`"
    raise SpecError(f"no built-in family named '{show(name)}'", hint=hint)


def family_names() -> list[str]:
    """Names of the built-in families, sorted."""
    return sorted(path.stem for path in FAMILIES.glob("*.yaml"))


def read_document(path: Path, *, trail: tuple[Path, ...] = ()) -> Document:
    """The document of a file, with what it extends.

    Raises:
        SpecError: the text breaks a rule, or the spec extends itself.
    """
    root = expect_map(read_yaml(path, name=shown(path)), "a spec")
    root.require_keys(KEYS, "a spec")
    _check_version(root)
    own = Document(path, dict(root.items()), (path,))
    base = root.get("extends")
    if base is None:
        return own
    named = expect_scalar(base, "extends")
    base_path = _base_path(named, path)
    trail = (*trail, path.resolve())
    if base_path.resolve() in trail:
        raise named.mistake(f"{named.text} extends itself by way of this spec")
    if len(trail) > _MOST_BASES:
        raise named.mistake(f"more than {_MOST_BASES} specs extend each other")
    return _merged(own, read_document(base_path, trail=trail))


def _check_version(root: Map) -> None:
    node = root.get("paramctl")
    if node is None:
        raise root.mistake("a spec begins with the version of the language", "paramctl: 1")
    if not isinstance(node, Scalar) or isinstance(node.value, bool) or node.value != VERSION:
        raise node.mistake("this version of the language is not known", "paramctl: 1")


def _base_path(named: Scalar, path: Path) -> Path:
    """A built-in family, or a file beside this one; nothing else can be reached."""
    if _SIBLING.fullmatch(named.text):
        return path.parent / named.text
    try:
        return family_path(named.text)
    except SpecError as error:
        hint = error.hint or "a built-in family, or a .yaml file in the same folder"
        raise named.mistake(error.problem, hint) from None


def _merged(own: Document, base: Document) -> Document:
    """Maps merge by key; everything else, and each entry of a map, is replaced whole.

    An entry that is null leaves out that of the base, but in ``config``, where it is a value.
    """
    sections = {key: node for key, node in base.sections.items() if key not in _OWN}
    for key, node in own.sections.items():
        below = sections.get(key)
        if key in _MERGED and isinstance(below, Map) and isinstance(node, Map):
            entries = {**below.entries, **node.entries}
            if key != "config":
                entries = {name: pair for name, pair in entries.items() if not _is_null(pair[1])}
            sections[key] = Map(node.place, entries)
        else:
            sections[key] = node
    return Document(own.path, sections, (*own.files, *base.files))


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.is_null


@dataclass(frozen=True)
class Match:
    """By what a config.json is recognized as of this family."""

    model_type: tuple[str, ...] = ()
    architectures: tuple[str, ...] = ()


def read_match(node: Node | None) -> Match:
    """The match section.

    Raises:
        SpecError: it has unknown keys.
    """
    if node is None:
        return Match()
    table = expect_map(node, "match")
    table.require_keys(("model_type", "architectures"), "match")
    return Match(
        texts(table.get("model_type"), "model_type"),
        texts(table.get("architectures"), "architectures"),
    )
