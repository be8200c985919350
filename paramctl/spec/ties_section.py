"""The ties section of a spec: which names hold under a config."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paramctl.expression.operators import truth
from paramctl.spec.config import evaluate_default
from paramctl.spec.nodes import Map, Node, Scalar, expect_map, expect_scalar


def read_ties(node: Node | None, config: Mapping[str, Any]) -> dict[str, str]:
    """Alias to canonical name of the ties that hold under a config.

    Raises:
        SpecError: a tie that is neither a name nor ``{to: …, when: …}``.
    """
    if node is None:
        return {}
    ties = {}
    for alias, part in expect_map(node, "ties").items():
        if not isinstance(part, Map):
            ties[alias] = expect_scalar(part, "a tie").text
            continue
        part.require_keys(("to", "when"), "a tie")
        to, when = part.get("to"), part.get("when")
        if to is None:
            raise part.mistake("a tie needs the name it is tied to", "to: …")
        if when is None or truth(_evaluate(expect_scalar(when, "when"), config)):
            ties[alias] = expect_scalar(to, "to").text
    return ties


def _evaluate(node: Scalar, config: Mapping[str, Any]) -> Any:
    value = node.value
    return evaluate_default(node.code(), config) if isinstance(value, str) else value
