"""Ties: stored once, declared as the safetensors library does, and never lost on the way."""

import json

import numpy as np
import pytest
import spell
from command import expect
from edit_checkpoints import sharded, single, stored, ties

from paramctl.edit.drop import Drop
from paramctl.edit.plan import Step, plan
from paramctl.edit.tie import Tie
from paramctl.edit.untie import Untie
from paramctl.edit.write import Where, destination, write
from paramctl.errors import UsageError
from paramctl.sources.open import open_source

ONE, TWO = spell.f32(np.ones((2, 2))), spell.f32(np.full((2, 2), 2.0))
SMALL = spell.f32(np.ones((1, 2)))
EMBEDDING, HEAD = "model.embed_tokens.weight", "lm_head.weight"


def run(model, out, *steps, pairs=()):
    """Edit a checkpoint whose family ties the given pairs."""
    with open_source(model, family_ties=lambda config: pairs) as source:
        made = plan(source, steps)
        write(made, destination(made, Where(out)))


def llama(folder, tensors, **config):
    """A folder whose config.json knows about ties."""
    home = folder / "in"
    home.mkdir()
    (home / "model.safetensors").write_bytes(spell.checkpoint(tensors, {"format": "pt"}))
    config = {"model_type": "llama", "architectures": ["LlamaForCausalLM"], **config}
    (home / "config.json").write_text(json.dumps(config))
    return home


def config(folder):
    return json.loads((folder / "config.json").read_text())


def test_a_tie_is_written_as_the_library_does(tmp_path):
    model = single(tmp_path, {"a": ONE, "b": ONE}, {"format": "pt"})
    run(model, tmp_path / "out.safetensors", Step(Tie("a", ("b",))))
    wanted = spell.checkpoint({"a": ONE}, {"format": "pt", "b": "a"})
    assert (tmp_path / "out.safetensors").read_bytes() == wanted


def test_different_values_need_a_word_on_whose_to_take(tmp_path):
    model = single(tmp_path, {"a": ONE, "b": TWO})
    result = expect(2, "tie", model, "a", "b", "-n")
    assert result.err == (
        "paramctl: b: its values differ from those of a\n"
        "hint: say whose to take: --take keep, --take alias or --take mean\n"
    )


@pytest.mark.parametrize(("take", "value"), [("keep", 1.0), ("alias", 2.0), ("mean", 1.5)])
def test_the_values_are_those_that_were_asked_for(tmp_path, take, value):
    model, out = single(tmp_path, {"a": ONE, "b": TWO}), tmp_path / "out.safetensors"
    expect(0, "tie", model, "a", "b", "--take", take, "-o", out)
    assert stored(out) == {"a": spell.f32(np.full((2, 2), value))}
    assert ties(out) == [["a", "b"]]


def test_tensors_of_different_shapes_can_not_be_tied(tmp_path):
    model = single(tmp_path, {"a": ONE, "b": SMALL})
    result = expect(2, "tie", model, "a", "b", "--take", "keep", "-n")
    assert result.err == "paramctl: b: F32 [1,2] can't be tied to a, which is F32 [2,2]\n"


def test_auto_ties_all_equal_tensors_and_keeps_the_embeddings_name(tmp_path):
    tensors = {HEAD: ONE, EMBEDDING: ONE, "other": TWO, "x": TWO, "small": SMALL}
    model, out = single(tmp_path, tensors), tmp_path / "out.safetensors"
    expect(0, "tie", model, "--auto", "-o", out)
    assert sorted(ties(out)) == [[EMBEDDING, HEAD], ["other", "x"]]


def test_auto_without_equal_tensors_is_an_error(tmp_path):
    model = single(tmp_path, {"a": ONE, "b": TWO})
    assert expect(2, "tie", model, "--auto", "-n").err == (
        "paramctl: no two of 2 tensors are equal\n"
    )


def test_keep_may_be_an_alias_and_then_becomes_the_stored_name(tmp_path):
    model = single(tmp_path, {"a": ONE, "c": ONE}, {"b": "a"})
    run(model, tmp_path / "out.safetensors", Step(Tie("b", ("c",))))
    assert list(stored(tmp_path / "out.safetensors")) == ["b"]
    assert ties(tmp_path / "out.safetensors") == [["b", "a", "c"]]


def test_dropping_the_stored_name_hands_its_tensor_on(tmp_path):
    """Nothing is lost silently: an alias that stays becomes the stored name."""
    model = single(tmp_path, {"a": ONE, "z": TWO}, {"c": "a", "b": "a"})
    run(model, tmp_path / "out.safetensors", Step(Drop(), ("a",)))
    assert stored(tmp_path / "out.safetensors") == {"b": ONE, "z": TWO}
    assert ties(tmp_path / "out.safetensors") == [["b", "c"]]


def test_dropping_every_name_drops_the_tensor(tmp_path):
    model = single(tmp_path, {"a": ONE, "z": TWO}, {"b": "a"})
    run(model, tmp_path / "out.safetensors", Step(Drop(), ("a", "b")))
    assert (tmp_path / "out.safetensors").read_bytes() == spell.checkpoint({"z": TWO})


def test_dropping_everything_is_refused(tmp_path):
    model = single(tmp_path, {"a": ONE}, {"b": "a"})
    assert expect(2, "drop", model, "a", "b", "-n").err == "paramctl: no tensor would be left\n"


def test_untie_of_what_is_not_tied_is_an_error(tmp_path):
    model = single(tmp_path, {"a": ONE, "b": TWO})
    result = expect(2, "untie", model, "a", "b", "-n")
    assert result.err == "paramctl: 2 tensors selected, none of them is tied\n"


def test_untie_of_the_stored_name_frees_all_its_aliases(tmp_path):
    model = single(tmp_path, {"a": ONE}, {"b": "a", "c": "a"})
    run(model, tmp_path / "out.safetensors", Step(Untie(), ("a",)))
    assert stored(tmp_path / "out.safetensors") == {"a": ONE, "b": ONE, "c": ONE}
    assert ties(tmp_path / "out.safetensors") == []


def test_untie_of_the_head_tells_config_json(tmp_path):
    model = llama(tmp_path, {EMBEDDING: ONE}, tie_word_embeddings=True, vocab_size=2)
    run(model, tmp_path / "out", Step(Untie(), (HEAD,)), pairs=[(HEAD, EMBEDDING)])
    assert stored(tmp_path / "out") == {HEAD: ONE, EMBEDDING: ONE}
    assert config(tmp_path / "out") == {**config(model), "tie_word_embeddings": False}
    assert list(config(tmp_path / "out")) == list(config(model))


def test_tie_of_the_head_tells_config_json(tmp_path):
    model = llama(tmp_path, {HEAD: ONE, EMBEDDING: ONE}, tie_word_embeddings=False)
    run(model, tmp_path / "out", Step(Tie(EMBEDDING, (HEAD,))))
    assert config(tmp_path / "out")["tie_word_embeddings"] is True


def test_a_config_that_says_nothing_gets_the_key(tmp_path):
    model = llama(tmp_path, {HEAD: ONE, EMBEDDING: ONE})
    run(model, tmp_path / "out", Step(Tie(EMBEDDING, (HEAD,))))
    assert config(tmp_path / "out")["tie_word_embeddings"] is True


def test_ties_of_other_tensors_leave_config_json_alone(tmp_path):
    model = llama(tmp_path, {"a.weight": ONE, "b.weight": ONE}, tie_word_embeddings=False)
    run(model, tmp_path / "out", Step(Tie("a.weight", ("b.weight",))))
    assert (tmp_path / "out/config.json").read_bytes() == (model / "config.json").read_bytes()


def test_a_tie_that_config_json_declares_needs_no_metadata(tmp_path):
    """The file of a family that ties by its config stays as that family writes it."""
    model = llama(tmp_path, {EMBEDDING: ONE, "z": TWO}, tie_word_embeddings=True)
    run(model, tmp_path / "out", Step(Drop(), ("z",)), pairs=[(HEAD, EMBEDDING)])
    wanted = spell.checkpoint({EMBEDDING: ONE}, {"format": "pt"})
    assert (tmp_path / "out/model.safetensors").read_bytes() == wanted


def test_a_renamed_tie_of_the_config_is_declared_from_then_on(tmp_path):
    """Under its new name the family would not find it."""
    from paramctl.edit.rename import Rename
    from paramctl.edit.rename_rules import parse_rule

    model = llama(tmp_path, {EMBEDDING: ONE}, tie_word_embeddings=True)
    step = Step(Rename((parse_rule("model.embed_tokens=emb"),)))
    run(model, tmp_path / "out", step, pairs=[(HEAD, EMBEDDING)])
    assert (tmp_path / "out/model.safetensors").read_bytes() == spell.checkpoint(
        {"emb.weight": ONE}, {"format": "pt", HEAD: "emb.weight"}
    )


def test_dropping_the_head_of_a_tied_model_unties_its_config(tmp_path):
    model = llama(tmp_path, {EMBEDDING: ONE}, tie_word_embeddings=True)
    run(model, tmp_path / "out", Step(Drop(), (HEAD,)), pairs=[(HEAD, EMBEDDING)])
    assert config(tmp_path / "out")["tie_word_embeddings"] is False


def test_user_metadata_that_names_a_tensor_is_no_tie(tmp_path):
    """``note`` is no tensor, but its text is one: it reads as a tie and stays what it is."""
    model = single(tmp_path, {"a": ONE, "b": TWO}, {"note": "no tensor"})
    run(model, tmp_path / "out.safetensors", Step(Drop(), ("b",)))
    wanted = spell.checkpoint({"a": ONE}, {"note": "no tensor"})
    assert (tmp_path / "out.safetensors").read_bytes() == wanted


def test_a_tie_never_overwrites_metadata_of_the_user(tmp_path):
    model = single(tmp_path, {"a": ONE, "format": ONE}, {"format": "pt"})
    with pytest.raises(UsageError) as caught:
        run(model, tmp_path / "out.safetensors", Step(Tie("a", ("format",))))
    assert caught.value.problem == "the tie can't be declared: the metadata say 'format' already"


def test_ties_across_shards_keep_their_layout(tmp_path):
    model = sharded(tmp_path, {"a": ONE, "b": ONE, "c": TWO, "d": TWO})
    run(model, tmp_path / "out", Step(Tie("a", ("b",))))
    assert stored(tmp_path / "out") == {"a": ONE, "c": TWO, "d": TWO}
    assert ties(tmp_path / "out") == [["a", "b"]]
    index = json.loads((tmp_path / "out/model.safetensors.index.json").read_text())
    assert index["metadata"]["total_size"] == 48
    assert sorted(index["weight_map"]) == ["a", "c", "d"]


def test_a_shard_that_loses_all_its_tensors_goes_and_the_rest_are_counted_anew(tmp_path):
    model = sharded(tmp_path, {"a": ONE, "b": ONE, "c": TWO, "d": TWO})
    run(model, tmp_path / "out", Step(Drop(), ("a", "c")))
    names = sorted(path.name for path in (tmp_path / "out").glob("*.safetensors"))
    assert names == ["model-00001-of-00001.safetensors"]
    assert stored(tmp_path / "out") == {"b": ONE, "d": TWO}


def test_a_tie_outlives_the_shard_that_declared_it(tmp_path):
    one = ("F32", [2], bytes(8))
    spell_file = {"a": one, "twin": one, "triplet": one, "b": ("F32", [1], bytes(4))}
    (tmp_path / "whole.safetensors").write_bytes(spell.checkpoint(spell_file))
    expect(0, "tie", "whole.safetensors", "a", "triplet", "-o", "tied", cwd=tmp_path)
    expect(0, "reshard", "tied", "--max-shard-size", "8B", "-o", "shards", cwd=tmp_path)
    expect(0, "tie", "shards", "twin", "a", "-o", "out", cwd=tmp_path)
    names = expect(0, "ls", "out", "-f", "names", cwd=tmp_path).out.split()
    assert names == ["a", "b", "triplet", "twin"]
