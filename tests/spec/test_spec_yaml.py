"""YAML from strangers: each trick is refused at its place, and the plain rules hold."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spec.spec_runs import built, write

from paramctl.errors import ParamctlError, SpecError
from paramctl.spec.nodes import core_value
from paramctl.spec.yaml import parse_yaml

HEAD = "paramctl: 1\n"
ALIASES = "\n".join(
    [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" if n else "a0: &a0 [x]" for n in range(9)]
)
HOSTILE = {
    "Y01 alias bomb": (HEAD + ALIASES, "2:5", "anchors are not part of the spec language"),
    "Y02 merge keys": (
        HEAD + "<<: {name: x}",
        "2:1",
        "merge keys are not part of the spec language",
    ),
    "Y03 5,000 deep flow": (HEAD + "model: " + "[" * 5000, "2:71", "nested more than 64 deep"),
    "Y04 100,000 deep": ("[" * 100_000, "1:65", "nested more than 64 deep"),
    "Y05 3,000 deep block": ("- " * 3000, "1:129", "nested more than 64 deep"),
    "Y06 recursive alias": (
        HEAD + "config: &c\n  a: *c",
        "2:9",
        "anchors are not part of the spec language",
    ),
    "Y07 duplicate keys": (
        HEAD + "name: a\nname: b",
        "3:1",
        "the key 'name' stands here twice, first in line 2",
    ),
    "Y08 a call in a tag": (
        "!!python/object/apply:os.system [ls]",
        "1:1",
        "tags are not part of the spec language",
    ),
    "Y09 a name in a tag": (
        HEAD + "name: !!python/name:os.system",
        "2:7",
        "tags are not part of the spec language",
    ),
    "Y10 own tag": (HEAD + "name: !mine x", "2:7", "tags are not part of the spec language"),
    "Y11 no as a key": (HEAD + "no: 1", "2:1", "a spec has no 'no'"),
    "Y12 1e3 as a version": ("paramctl: 1e3", "1:11", "this version of the language is not known"),
    "Y13 .nan as a size": (
        HEAD + "inputs: {x: [.nan, 2]}\nmodel: relu",
        "2:14",
        "a size is a whole number from 0 to 2**31, found nan",
    ),
    "Y14 a date as a size": (
        HEAD + "inputs: {x: [2001-01-01]}\nmodel: relu",
        "2:19",
        "leading zeros in decimal integer literals are not permitted; use an 0o prefix "
        "for octal integers",
    ),
    "Y15 a list as a key": (HEAD + "? [a, b]\n: c", "2:3", "a key is a text, not a list or a map"),
    "Y16 two documents": (
        HEAD + "model: relu\n---\nmodel: tanh",
        "3:1",
        "a second document begins here",
    ),
    "Y17 5,000 digits": (
        HEAD + "config: {a: " + "9" * 5000 + "}\nmodel: relu",
        "2:13",
        "a number of more than 40 digits",
    ),
    "Y18 a tab as indent": (
        HEAD + "model:\n\t- relu",
        "3:1",
        "YAML can't begin anything with this character",
    ),
    "Y20 20,000 aliases": (
        HEAD + "config: [" + "*x, " * 20_000 + "]",
        "2:10",
        "aliases are not part of the spec language",
    ),
    "Y21 a key of 2 MB": ("k" * 2_000_000 + ": 1", "", "larger than 1 MiB, which no spec is"),
    "Y22 NUL": (HEAD + "name: \0", "2:7", "the character \\x00 is not allowed in YAML"),
    "Y23 __class__": (HEAD + "__class__: x", "2:1", "a spec has no '__class__'"),
    "Y23b __class__ as a child": (
        HEAD + "model:\n  modules: {__class__: relu}",
        "3:13",
        "'__class__' can't be a name",
    ),
    "Y24 unknown layer": (HEAD + "model: Linaer(4, 5)", "2:8", "no layer named 'Linaer'"),
    "Y25a -1": (
        HEAD + "model: Linear(-1, 5)",
        "2:8",
        "a size is a whole number from 1 to 2**48, not -1",
    ),
    "Y25b 0": (
        HEAD + "model: Linear(0, 5)",
        "2:8",
        "a size is a whole number from 1 to 2**48, not 0",
    ),
    "Y25c 2**63": (
        HEAD + "model: Linear(2**63, 5)",
        "2:8",
        "a size is a whole number from 1 to 2**48, not 9223372036854775808",
    ),
    "Y25d a fraction": (
        HEAD + "model: Linear(2.5, 5)",
        "2:8",
        "a size is a whole number, not 2.5 (float)",
    ),
    "Y25e a text": (
        HEAD + "model: Linear('768', 5)",
        "2:8",
        "a size is a whole number, not the text '768'",
    ),
    "Y26 a billion layers": (
        HEAD + "model: Repeat(10**9, relu)",
        "2:15",
        "1000000000 modules are more than 100,000",
    ),
    "Y26b by a product": (
        HEAD + "model: Repeat(10000, Repeat(10000, relu))",
        "2:8",
        "100,010,001 modules are more than 100,000",
    ),
    "Y27 a product of sizes": (
        HEAD + "model: Linear(2**40, 2**40)",
        "2:8",
        "a tensor of 1208925819614629174706176 elements is more than 2**50",
    ),
    "Y28 an include": (
        HEAD + "extends: /etc/passwd\nmodel: relu",
        "2:10",
        "no built-in family named '/etc/passwd'",
    ),
    "Y28b a cycle": (
        HEAD + "extends: net.yaml\nmodel: relu",
        "2:10",
        "net.yaml extends itself by way of this spec",
    ),
}


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
