"""Which built-in family a ``config.json`` belongs to, and which of its tensors are tied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paramctl.spec.config import read_config, resolve
from paramctl.spec.document import (
    FAMILIES,
    family_names,
    family_path,
    read_document,
    read_match,
)
from paramctl.spec.nodes import expect_map
from paramctl.spec.ties_section import read_ties
from paramctl.spec.yaml import read_yaml


def families() -> list[str]:
    """Names of the built-in families, sorted."""
    return family_names()


def find_family(config: Mapping[str, Any]) -> str | None:
    """The family of a config: by its architectures, else by its model type; ``None`` without one.

    timm writes one ``architecture``. Only families that mention a word of the config are read.
    """
    told = [*_listed(config.get("architectures")), config.get("architecture")]
    wanted = [name for name in told if isinstance(name, str)]
    model_type = config.get("model_type")
    words = [*wanted, *([model_type] if isinstance(model_type, str) else [])]
    by_type = None
    for name in families():
        path = FAMILIES / f"{name}.yaml"
        text = path.read_text(encoding="utf-8")
        if not any(word in text for word in words):
            continue
        match = read_match(expect_map(read_yaml(path, name=path.name), "a spec").get("match"))
        if set(wanted) & set(match.architectures):
            return name
        if model_type in match.model_type and by_type is None:
            by_type = name
    return by_type


def family_ties(config: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Alias and canonical name of each tie that a config declares through its family.

    Empty where no built-in family knows the config.

    Raises:
        SpecError: the config's values don't fit the family.
    """
    name = find_family(config)
    if name is None:
        return []
    document = read_document(family_path(name))
    values = resolve(read_config(document.get("config")), config).values
    return list(read_ties(document.get("ties"), values).items())


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
