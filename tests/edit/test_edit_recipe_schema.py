"""Editors are told what a recipe may say: no more and no less than what is read."""

import re

import pytest
from command import expect

from paramctl.edit.recipe_schema import recipe_schema
from paramctl.edit.steps import STEPS

TYPES = {
    "object": dict, "array": list, "string": str, "integer": int, "number": (int, float),
    "boolean": bool, "null": type(None),
}  # fmt: skip


def fits(value, schema) -> bool:
    """As much of JSON Schema as the schema uses."""
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(isinstance(value, TYPES[kind]) for kind in kinds):
        return False
    if isinstance(value, bool) and kinds and "boolean" not in kinds:
        return False
    if "anyOf" in schema and not any(fits(value, one) for one in schema["anyOf"]):
        return False
    if "oneOf" in schema and sum(fits(value, one) for one in schema["oneOf"]) != 1:
        return False
    if isinstance(value, list):
        items = schema.get("items", {})
        return len(value) >= schema.get("minItems", 0) and all(fits(x, items) for x in value)
    if isinstance(value, dict) and schema.get("additionalProperties") is False:
        return all(name in value for name in schema.get("required", ())) and all(
            any(fits(part, one) for one in known(schema, name)) for name, part in value.items()
        )
    return True


def known(schema, name):
    found = [schema["properties"][name]] if name in schema.get("properties", ()) else []
    patterns = schema.get("patternProperties", {})
    return found + [one for pattern, one in patterns.items() if re.search(pattern, name)]


GOOD = [
    {"keep": {"select": "a"}},
    {"keep": {"select": ["a", "b"], "allow-empty": True}, "expect": 2},
    {"keep": {"select": "a", "allow_empty": True}},
    {"set": {"name": "a", "expr": 0}},
    {"lora merge": {"adapter": "folder"}},
    {"lerp": {"from": "other", "weight": 0.5}},
    {"rename": None},
    {"resize": {"select": "a", "dim": "0=7", "multiple-of": 4}},
]
BAD = [
    {},
    {"keep": {}},
    {"keep": {"select": "a"}, "drop": {"select": "b"}},
    {"keep": {"selects": "a"}},
    {"keep": {"select": "a", "expect": "two"}},
    {"keep": {"select": "a", "allow-empty": "yes"}},
    {"lerp": {"from": "other", "weight": "half"}},
    {"kep": {"select": "a"}},
]


@pytest.mark.parametrize(("steps", "good"), [(GOOD, True), (BAD, False)])
def test_the_schema_tells_good_steps_from_bad_ones(steps, good):
    schema = recipe_schema()
    assert [step for step in steps if fits({"steps": [step]}, schema) is not good] == []
    assert not fits({"steps": []}, schema)


def test_every_step_is_described():
    found = recipe_schema()["properties"]["steps"]["items"]["oneOf"]
    assert [step["required"] for step in found] == [[name] for name in STEPS]
    assert all(step["properties"][step["required"][0]]["description"] for step in found)


def test_apply_prints_it_without_a_recipe():
    assert expect(0, "apply", "--schema").json == recipe_schema()
