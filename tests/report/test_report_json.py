"""Strict JSON, whatever the numbers are."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paramctl.report.strict_json import document, encode


def refuse(constant: str) -> None:
    raise ValueError(constant)


def read(text: str):
    return json.loads(text, parse_constant=refuse)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (float("nan"), '"NaN"'),
        ([float("inf"), -float("inf")], '["Infinity", "-Infinity"]'),
        (1 + 2j, "[1.0, 2.0]"),
        (complex("nan"), '["NaN", 0.0]'),
        ({"a": (1, None, True)}, '{"a": [1, null, true]}'),
        (np.float32(0.5), "0.5"),
        (np.array([[1, 2], [3, 4]], "i8"), "[[1, 2], [3, 4]]"),
        (np.array([np.nan, 1], "f4"), '["NaN", 1.0]'),
        (np.array(True), "true"),
        (Path("a/b"), '"a/b"'),
        ("é\u202e\x1b", '"\\u00e9\\u202e\\u001b"'),
        ("\ud800", '"\\ud800"'),
        ({1: 2}, '{"1": 2}'),
    ],
)
def test_values_have_one_form(value, text):
    assert encode(value) == text


def test_what_has_no_form_is_refused():
    with pytest.raises(TypeError, match=r"^object has no form in JSON$"):
        encode(object())


trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), trees, max_size=4))
def test_a_document_is_strict_ascii_and_begins_with_its_schema(payload):
    payload.pop("schema", None)
    text = "".join(document("ls", payload))
    assert text.isascii()
    found = read(text)
    assert list(found) == ["schema", *payload]
    assert found["schema"] == "paramctl/ls/1"


def test_rows_stand_on_lines_of_their_own():
    payload = {"n": 2, "tensors": [{"a": 1}, {"a": 2}], "dtypes": {"F32": {"n": 1}}, "ties": []}
    assert "".join(document("v", payload)) == (
        '{\n  "schema": "paramctl/v/1",\n  "n": 2,\n'
        '  "tensors": [\n    {"a": 1},\n    {"a": 2}\n  ],\n'
        '  "dtypes": {\n    "F32": {"n": 1}\n  },\n  "ties": []\n}\n'
    )
