"""Renaming: rules, captures, maps, and everything that is refused before a byte is written."""

import json

import pytest
import spell
from command import call, expect
from edit_checkpoints import single, stored, ties
from hypothesis import given
from hypothesis import strategies as st

from paramctl.edit.rename_map import read_map
from paramctl.edit.rename_rules import parse_rule
from paramctl.errors import InputError, UsageError


@pytest.mark.parametrize(
    ("rule", "name", "new"),
    [
        ("encoder.layer.{n}=blocks.{n}", "encoder.layer.3.bias", "blocks.3.bias"),
        ("encoder.layer.{n}=blocks.{n}", "encoder.layer.3", "blocks.3"),
        ("encoder.layer.{n}=blocks.{n}", "encoder.layer", None),
        ("encoder.layer.{n}=blocks.{n}", "my.encoder.layer.3", None),
        ("layers.1=x", "layers.1.w", "x.w"),
        ("layers.1=x", "layers.11.w", None),
        ("module=", "module.a.b", "a.b"),
        ("module.{r**}={r**}", "module.a.b", "a.b"),
        ("{r**}=model.{r**}", "a.b", "model.a.b"),
        ("a.{x**}.b=c.{x**}.d", "a.b.w", "c.d.w"),
        ("a.{x**}.b=c.{x**}.d", "a.1.2.b.w", "c.1.2.d.w"),
        ("{x**}.weight={x**}.kernel", "weight", "kernel"),
        ("{x**}.weight={x**}.kernel", "a.b.weight", "a.b.kernel"),
        ("{x**}.gamma={x**}.weight", "norm.gammas", None),
        ("h.{i}.{k}_proj={k}.{i}", "h.3.q_proj.w", "q.3.w"),
        ("{a}.{a}=twice.{a}", "x.x.w", "twice.x.w"),
        ("{a}.{a}=twice.{a}", "x.y.w", None),
        ("a.(b)*=c", "a.(b)*.w", "c.w"),
        (r"s/(\d+)/<\1>/", "a.1.b.2", "a.<1>.b.2"),
        (r"s/(\d+)/<\1>/g", "a.1.b.2", "a.<1>.b.<2>"),
        ("s|/|.|g", "a/b/c", "a.b.c"),
        ("s/a/b/", "c", None),
        ("s.x=t.x", "s.x.w", "t.x.w"),
    ],
)
def test_a_rule_turns_one_name_into_another(rule, name, new):
    assert parse_rule(rule).rename(name) == new


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("a=b.{n}", "'a=b.{n}': nothing on the left captures {n}"),
        ("=b", "'=b': the left side is empty"),
        ("encoder", "'encoder' is no rule"),
        ("s/(/x/", "'s/(/x/': missing ), unterminated subpattern at position 0"),
        (r"s/a/\1/", r"'s/a/\\1/': invalid group reference 1 at position 1"),
    ],
)
def test_a_rule_that_can_not_work_says_why(rule, problem):
    with pytest.raises(UsageError) as caught:
        parse_rule(rule)
    assert caught.value.problem == problem


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("a.{n}=b", "'a.{n}=b' has no inverse: {n} is not on the right"),
        ("a=", "'a=' has no inverse: the right side is empty"),
        ("s/a/b/", "'s/a/b/' has no inverse: it is a substitution"),
    ],
)
def test_a_rule_that_loses_something_has_no_inverse(rule, problem):
    with pytest.raises(UsageError) as caught:
        parse_rule(rule).inverse()
    assert caught.value.problem == problem


@given(st.integers(0, 99), st.lists(st.sampled_from("abc"), max_size=3))
def test_the_inverse_leads_back(number, rest):
    rule = parse_rule("h.{i}.{r**}.w=blocks.{r**}.{i}.kernel")
    name = ".".join(["h", str(number), *rest, "w"])
    there = rule.rename(name)
    assert there is not None
    assert rule.inverse().rename(there) == name


def u8(*values):
    return ("U8", (len(values),), bytes(values))


@pytest.fixture
def model(tmp_path):
    names = ("a.0.w", "a.1.w", "b")
    tensors = {name: u8(number) for number, name in enumerate(names)}
    return single(tmp_path, {**tensors, "c": u8(9)}, {"format": "pt", "d": "c"})


def test_rules_apply_in_order_each_to_what_the_last_one_made(model, tmp_path):
    out = tmp_path / "out.safetensors"
    expect(0, "rename", model, "a.{n}=h.{n}", "h.0=first", "-o", out)
    assert list(stored(out)) == ["first.w", "h.1.w", "b", "c"]


def test_two_names_may_be_swapped_by_a_map(model, tmp_path):
    (tmp_path / "map.tsv").write_text("# swap\nb\ta.0.w\na.0.w\tb\n\n")
    out = tmp_path / "out.safetensors"
    expect(0, "rename", model, "--map", tmp_path / "map.tsv", "-o", out)
    assert stored(out) == {"b": u8(0), "a.1.w": u8(1), "a.0.w": u8(2), "c": u8(9)}
    expect(0, "rename", out, "--map", tmp_path / "map.tsv", "--inverse", "--in-place")
    assert out.read_bytes() == model.read_bytes()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("m.json", json.dumps({"a.{n}": "h.{n}", "b": "x"})),
        ("m.yaml", "a.{n}: h.{n}\nb: x\n"),
        ("m.txt", "a.{n}\th.{n}\nb\tx\n"),
    ],
)
def test_a_map_is_json_yaml_or_tab_separated(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    assert [rule.text for rule in read_map(tmp_path / name)] == ["a.{n}=h.{n}", "b=x"]


def test_a_broken_map_names_its_line(tmp_path):
    (tmp_path / "m.tsv").write_text("a\tb\nc\n")
    with pytest.raises(InputError) as caught:
        read_map(tmp_path / "m.tsv")
    assert str(caught.value) == f"{tmp_path / 'm.tsv'}:2: wanted OLD, a tab, NEW"


def test_ties_follow_their_names(model, tmp_path):
    out = tmp_path / "out.safetensors"
    expect(0, "rename", model, "c=kept", "d=alias", "-o", out)
    assert ties(out) == [["kept", "alias"]]
    assert b'"__metadata__":{"format":"pt","alias":"kept"}' in out.read_bytes()


def test_every_collision_is_listed_and_nothing_is_written(model, tmp_path):
    out = tmp_path / "out.safetensors"
    result = expect(2, "rename", model, "a.{n}.w=b", "c=d", "-o", out)
    assert result.err == ("paramctl: names would collide:\n  a.0.w, a.1.w, b -> b\n  c, d -> d\n")
    assert not out.exists()


def test_every_rule_that_hits_nothing_is_listed(model, tmp_path):
    out = tmp_path / "out.safetensors"
    result = expect(2, "rename", model, "a=h", "x=y", "s/q/r/", "-o", out)
    assert result.err.splitlines()[0] == "paramctl: 'x=y', 's/q/r/' renames none of 5 tensors"
    assert not out.exists()


def test_expect_counts_what_is_renamed(model, tmp_path):
    out = tmp_path / "out.safetensors"
    result = expect(2, "rename", model, "a=h", "--expect", "3", "-o", out)
    assert result.err == "paramctl: the rules rename 2 tensors, expected 3\n"
    assert expect(0, "rename", model, "a=h", "--expect", "2", "-o", out).err.splitlines()[0] == (
        "selected 2 of 5 tensors"
    )


def test_no_name_becomes_the_metadata(model):
    result = call("rename", model, "b=__metadata__", "-n")
    assert (result.code, result.err) == (
        2,
        "paramctl: no tensor can be named '__metadata__': the format keeps that for itself\n",
    )


def test_a_string_of_the_user_never_turns_into_a_tie(tmp_path):
    """Metadata {"format": "pt"} and a tensor that becomes "pt" would read as an alias."""
    model = single(tmp_path, {"x": u8(1)}, {"format": "pt"})
    result = expect(2, "rename", model, "x=pt", "-o", tmp_path / "out.safetensors")
    assert "the metadata 'format: pt' would be read as a tie" in result.err


def test_the_dry_run_prints_the_plan_and_needs_no_place(model, tmp_path):
    result = expect(0, "rename", model, "a.{n}=h.{n}", "-n", "--json")
    assert result.json == {
        "schema": "paramctl/rename/1",
        "changes": [
            {
                "name": f"a.{n}.w",
                "action": "renamed",
                "from": {"name": f"a.{n}.w", "dtype": "U8", "shape": [1]},
                "to": {"name": f"h.{n}.w", "dtype": "U8", "shape": [1]},
            }
            for n in (0, 1)
        ],
        "output": None,
        "dry_run": True,
    }
    assert list(tmp_path.iterdir()) == [model]


def test_many_names_by_a_map_take_no_time():
    """The map is looked up, not tried rule by rule."""
    from paramctl.edit.rename import Rename
    from paramctl.edit.rename_rules import PathRule
    from paramctl.manifest import Entry, Manifest

    names = [f"layers.{n}.w" for n in range(20_000)]
    manifest = Manifest(Entry(name, "U8", ()) for name in names)
    table = tuple(PathRule(name, f"h.{name}") for name in names)
    assert len(Rename(table=table).names(manifest)) == 20_000


def test_a_name_that_no_file_can_hold_is_refused(tmp_path):
    model = tmp_path / "in.safetensors"
    model.write_bytes(spell.checkpoint({"x": u8(1)}))
    assert call("rename", model, "x=\udcff", "-o", tmp_path / "o.safetensors").code in (2, 3)
    assert list(tmp_path.iterdir()) == [model]
