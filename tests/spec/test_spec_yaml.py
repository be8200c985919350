"""YAML from strangers: each trick is refused at its place, and the plain rules hold."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spec.hostile_specs import HEAD, HOSTILE
from spec.spec_runs import built, write

from paramctl.errors import ParamctlError, SpecError
from paramctl.spec.nodes import core_value
from paramctl.spec.yaml import parse_yaml


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_spec_is_refused_at_its_place(name, tmp_path):
    text, place, problem = HOSTILE[name]
    path = write(tmp_path, text)
    with pytest.raises(SpecError) as caught:
        built(path)
    assert caught.value.problem.split("\n")[0] == problem
    assert caught.value.where == (f"{path}:{place}" if place else str(path))
    assert caught.value.exit_code == 3


def test_y19_a_byte_order_mark_changes_nothing(tmp_path):
    path = tmp_path / "net.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + (HEAD + "model: Linear(2, 3)").encode())
    assert built(path)[1]["weight"].shape == (3, 2)


def test_the_line_is_shown_with_the_place_underlined(tmp_path):
    path = write(tmp_path, HEAD + "model:\n  - Linaer(4, 5)")
    with pytest.raises(SpecError) as caught:
        built(path)
    assert str(caught.value) == (
        f"{path}:3:5: no layer named 'Linaer'\n     3 |   - Linaer(4, 5)\n       |     ^^^^^^"
    )
    assert caught.value.hint == "did you mean Linear?"


SWALLOWED = {
    "{q: Linear(a, b)}": "'Linear(a' is cut off",
    "[Linear(4, 5)]": "'Linear(4' is cut off",
    "- f(x: 1)": "'f(x' is cut off",
    "a: lambda: 1": "YAML takes the second ': ' on this line as its own",
    "f: return x[:, -1: ]": "YAML takes the second ': ' on this line as its own",
}


@pytest.mark.parametrize("text", SWALLOWED)
def test_a_comma_or_colon_that_yaml_would_swallow_is_noticed(text):
    with pytest.raises(SpecError) as caught:
        parse_yaml(text.encode(), "a.yaml")
    assert caught.value.problem.split("\n")[0] == SWALLOWED[text]
    assert "quote" in caught.value.hint


def test_brackets_that_are_closed_stand_in_flow_style_too():
    node = parse_yaml(b'{a: Flatten(), b: "x[0]", c: "Linear(4, 5)"}', "a.yaml")
    assert [part.text for _, part in node.items()] == ["Flatten()", "x[0]", "Linear(4, 5)"]


SCALARS = {
    "1e-3": 1e-3,
    "1E5": 1e5,
    "-.5": -0.5,
    "12": 12,
    "-7": -7,
    "0x1F": 31,
    "0o17": 15,
    "017": 17,
    "no": "no",
    "yes": "yes",
    "on": "on",
    "1_000": "1_000",
    "1:30": "1:30",
    "true": True,
    "False": False,
    "null": None,
    "~": None,
    "": None,
    "2001-01-01": "2001-01-01",
    ".inf": float("inf"),
    "-.inf": float("-inf"),
    "silu": "silu",
    "0b1": "0b1",
    "+3": 3,
}


@pytest.mark.parametrize("text", SCALARS)
def test_scalars_are_those_of_yaml_1_2(text):
    value = core_value(text)
    assert (type(value), value) == (type(SCALARS[text]), SCALARS[text])


def test_text_after_a_bar_knows_its_lines_and_columns():
    text = "a:\n  b: |\n\n      first\n      second + (1 << 2)\n"
    node = parse_yaml(text.encode(), "a.yaml")
    with pytest.raises(SpecError) as caught:
        node.get("a").get("b").code("script")
    assert caught.value.where == "a.yaml:4:7"


def test_an_error_in_joined_lines_shows_the_joined_text(tmp_path):
    path = write(
        tmp_path, HEAD + "model:\n  modules:\n    a: >-\n      Sequential(relu,\n      tanhh)\n"
    )
    with pytest.raises(SpecError) as caught:
        built(path)
    assert caught.value.problem == (
        "'tanhh' is not known here\n"
        "     4 | Sequential(relu, tanhh)\n"
        "       |                  ^^^^^"
    )


def test_a_pipe_in_place_of_a_file_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "net.yaml")
    with pytest.raises(SpecError) as caught:
        built(tmp_path / "net.yaml")
    assert caught.value.problem == "a spec is a regular file"


def test_bytes_that_are_no_text_are_said(tmp_path):
    with pytest.raises(SpecError) as caught:
        parse_yaml(b"name: \xff\xfe", "a.yaml")
    assert str(caught.value) == "a.yaml: not UTF-8: byte 6 is no text"


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(SpecError) as caught:
        built(tmp_path / "no.yaml")
    assert caught.value.problem == "can't read the spec: no such file or directory"


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="ab:-[]{}()|>'\"#&*!%@?,. \n\t0é\0", max_size=60))
def test_any_text_is_a_document_or_an_error_of_ours(text):
    try:
        parse_yaml(text.encode(), "a.yaml")
    except ParamctlError as error:
        assert error.where.startswith("a.yaml")  # noqa: PT017


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=80))
def test_any_bytes_are_a_document_or_an_error_of_ours(data):
    try:
        parse_yaml(data, "a.yaml")
    except ParamctlError as error:
        assert error.where.startswith("a.yaml")  # noqa: PT017
