"""Recipes: planned together, the same as one after the other; every mistake has its place."""

import json

import numpy as np
import pytest
import spell
from command import expect
from edit.recipes import tensors, write
from edit_checkpoints import files, sharded, single, stored, ties
from hypothesis import given, settings
from hypothesis import strategies as st

from paramctl.cli.group import verb_module, verb_names
from paramctl.edit.steps import STEPS

CONFIG = {
    "num_hidden_layers": 3, "vocab_size": 6, "num_attention_heads": 2, "torch_dtype": "float32",
    "tie_word_embeddings": False,
}  # fmt: skip
ONLY_STEPS = {"lerp", "add", "sub"}


def recipe(folder, steps, name="recipe.yaml"):
    """A recipe; JSON is YAML."""
    return write(folder, json.dumps({"steps": steps}), name)


# In this order each of them fits to what those before it, or any of them, have left.
CHAIN = [
    {"rename": {"rule": "steps=count_ids"}},
    {"set": {"name": "layers.0.norm.weight[0]", "expr": "-x"}},
    {"init": {"select": ["lm_head"], "scheme": "normal(std=0.5)", "seed": 3}},
    {"tie": {"keep": "embed_tokens.weight", "alias": "lm_head.weight", "take": "mean"}},
    {"resize": {"select": "embed_tokens", "dim": "0=7", "multiple_of": 4, "fill": "normal"}},
    {"layers": {"list": "2,0,0"}},
    {"split": {"select": "layers", "layout": "neox"}},
    {"init": {"select": "layers.1", "scheme": "normal", "seed": 4, "bias": "normal"}},
    {"fuse": {"select": "layers", "layout": "qkv"}},
    {"untie": {"select": "lm_head"}},
    {"cast": {"dtype": "bf16", "select": "layers.0"}},
    {"drop": {"select": "layers.2.norm"}},
    {"meta": {"set": "note=a=b"}},
    {"rename": {"rule": ["layers=model.layers", "s/qkv/fused/"]}},
    {"keep": {"select": ["model", "embed_tokens", "lm_head"]}},
    {"reshard": {"max-shard-size": "200B"}},
    {"set": {"name": "lm_head.weight", "expr": "x * 2"}},
]


def meaning(folder):
    """The files of a folder; JSON and headers as what they say, whatever the order of keys."""
    found = {}
    for name, content in files(folder).items():
        if name.endswith(".safetensors"):
            start = 8 + int.from_bytes(content[:8], "little")
            found[name] = json.loads(content[8:start]), content[start:]
        elif name.endswith(".json"):
            found[name] = json.loads(content)
        else:
            found[name] = content
    return found


def in_one(source, out, steps, home):
    expect(0, "apply", recipe(home, steps), source, "-o", out)


@pytest.mark.parametrize("count", range(1, len(CHAIN)))
def test_two_recipes_one_after_the_other_are_one(tmp_path, count):
    source = sharded(tmp_path, tensors(), config=CONFIG)
    in_one(source, tmp_path / "one", CHAIN, tmp_path)
    in_one(source, tmp_path / "first", CHAIN[:count], tmp_path)
    in_one(tmp_path / "first", tmp_path / "two", CHAIN[count:], tmp_path)
    assert meaning(tmp_path / "two") == meaning(tmp_path / "one")


@given(st.lists(st.sampled_from(range(len(CHAIN) - 1)), min_size=2, unique=True), st.data())
@settings(max_examples=30, deadline=None)
def test_any_steps_that_fit_may_be_parted(tmp_path_factory, chosen, data):
    home = tmp_path_factory.mktemp("apply")
    steps = [CHAIN[number] for number in sorted(chosen)]
    source = sharded(home, tensors(), config=CONFIG)
    path = recipe(home, steps)
    from command import call

    if call("apply", path, source, "-o", home / "one").code:
        return
    count = data.draw(st.integers(1, len(steps) - 1))
    in_one(source, home / "first", steps[:count], home)
    in_one(home / "first", home / "two", steps[count:], home)
    assert meaning(home / "two") == meaning(home / "one")


def test_a_step_is_what_its_verb_does(tmp_path):
    """A recipe's result is that of the command lines, one after the other."""
    source = single(tmp_path, tensors())
    commands = [
        ("rename", "layers=h"),
        ("resize", "embed_tokens", "--dim", "0=8"),
        ("init", "h.1", "--scheme", "normal(std=2)", "--bias", "normal", "--seed", "9"),
        ("split", "h", "--layout", "neox", "--heads", "2"),
    ]
    steps = [
        {"rename": {"rule": "layers=h"}},
        {"resize": {"select": "embed_tokens", "dim": "0=8"}},
        {"init": {"select": "h.1", "scheme": "normal(std=2)", "bias": "normal", "seed": 9}},
        {"split": {"select": "h", "layout": "neox", "heads": 2}},
    ]
    in_one(source, tmp_path / "one.safetensors", steps, tmp_path)
    for number, (verb, *arguments) in enumerate(commands):
        out = tmp_path / f"{number}.safetensors"
        expect(0, verb, source, *arguments, "-o", out)
        source = out
    assert (tmp_path / "one.safetensors").read_bytes() == source.read_bytes()


def test_tensors_of_other_checkpoints_and_files_lie_beside_the_recipe(tmp_path):
    model = tmp_path / "model"
    model.mkdir()
    source = single(model, tensors())
    single(tmp_path, {"lm_head.weight": spell.f32(np.full((6, 2), 7))}, name="other.safetensors")
    np.save(tmp_path / "one.npy", np.array([5]))
    steps = [
        {"graft": {"select": "lm_head", "from": "other.safetensors"}, "expect": 1},
        {"set": {"name": "steps", "npy": "one.npy"}},
    ]
    out = tmp_path / "out.safetensors"
    in_one(source, out, steps, tmp_path)
    assert stored(out)["lm_head.weight"] == spell.f32(np.full((6, 2), 7))
    assert stored(out)["steps"][2] == (5).to_bytes(8, "little")


def test_every_edit_of_a_model_has_its_step():
    edits = {
        name
        for name in verb_names()
        if verb_module(name).GROUP == "Change" and name not in ("apply", "pack", "lora")
    }
    assert {name for name in STEPS if " " not in name} == edits | {"meta"} | ONLY_STEPS


def test_every_parameter_of_a_step_is_a_word_of_its_verb():
    """Names and defaults of a step are those of the command line."""
    import inspect

    for name, builder in STEPS.items():
        if " " in name or name in ONLY_STEPS:
            continue
        run = inspect.signature(verb_module(name).run).parameters
        words = {word.rstrip("_") for word in run} | _metavars(run.values())
        for word, parameter in inspect.signature(builder).parameters.items():
            if parameter.kind is not parameter.KEYWORD_ONLY:
                assert word.rstrip("_") in words, (name, word)


def _metavars(parameters):
    """The words that the help shows for arguments, and the flags of options."""
    found = set()
    for parameter in parameters:
        for detail in getattr(parameter.annotation, "__metadata__", ()):
            found.add(str(getattr(detail, "metavar", "")).lower().split("[")[0])
            flags = (getattr(detail, "default", ""), *(getattr(detail, "param_decls", None) or ()))
            found |= {str(flag).strip("-").replace("-", "_") for flag in flags}
    return found


def test_check_plans_and_writes_nothing(tmp_path):
    source = single(tmp_path, tensors())
    path = recipe(tmp_path, [{"keep": {"select": "layers"}, "expect": 9}, CHAIN[1]])
    before = sorted(tmp_path.iterdir())
    result = expect(0, "apply", path, source, "--check")
    assert result == (
        0,
        "",
        f"selected 9 of 12 tensors\nselected 1 of 9 tensors\n{path} fits: 2 steps, 4 changes\n",
    )
    assert sorted(tmp_path.iterdir()) == before
    report = expect(0, "apply", path, source, "--check", "--json").json
    assert (report["schema"], report["dry_run"]) == ("paramctl/apply/1", True)
    assert len(report["changes"]) == 4


def test_the_dry_run_shows_what_all_steps_come_to(tmp_path):
    source = single(tmp_path, tensors())
    steps = [{"rename": {"rule": "steps=a"}}, {"rename": {"rule": "a=b"}}]
    rows = expect(0, "apply", recipe(tmp_path, steps), source, "-n").rows
    assert [row[:2] for row in rows] == [["steps", "renamed"]]


def test_provenance_records_the_steps(tmp_path):
    from paramctl.sources.open import open_source

    source, out = single(tmp_path, tensors()), tmp_path / "out.safetensors"
    path = recipe(tmp_path, [{"layers": {"list": "0"}}, {"cast": {"dtype": "bf16"}}])
    expect(0, "apply", path, source, "--provenance", "-o", out)
    with open_source(out) as found:
        text = found.manifest.metadata["paramctl.recipe"]
    assert json.loads(text) == [{"layers": {"order": "0"}}, {"cast": {"dtype": "BF16"}}]


def test_texts_are_taken_as_they_are_written(tmp_path):
    """``on``, ``1e3`` and ``0x10`` are values of expressions and names, not of YAML."""
    source = single(tmp_path, {"on": spell.f32(np.zeros(2)), "x": spell.f32(np.zeros(1))})
    text = "steps:\n- set: {name: on, expr: 1e3}\n- drop: {select: x}\n"
    out = tmp_path / "out.safetensors"
    expect(0, "apply", write(tmp_path, text), source, "-o", out)
    assert stored(out) == {"on": spell.f32(np.full(2, 1000.0))}


def test_ties_follow_through_steps(tmp_path):
    steps = [
        {"tie": {"keep": "embed_tokens.weight", "alias": ["lm_head.weight"], "take": "keep"}},
        {"rename": {"rule": "embed_tokens=wte"}},
        {"resize": {"select": "lm_head", "dim": "0=8"}},
    ]
    out = tmp_path / "out.safetensors"
    in_one(single(tmp_path, tensors()), out, steps, tmp_path)
    assert ties(out) == [["wte.weight", "lm_head.weight"]]
    assert stored(out)["wte.weight"][1] == (8, 2)
