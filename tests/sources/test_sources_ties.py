"""Names that share a tensor: declared in the metadata, or by a family under ``config.json``."""

import json
from pathlib import Path

import pytest
import spell

from paramctl.errors import SpecError
from paramctl.sources.open import open_source
from paramctl.sources.ties import concerns_family

FOLDER = Path(__file__).parents[2] / "fixtures" / "checkpoints"
HEAD = ("lm_head.weight", "model.embed_tokens.weight")


def llama(config):
    return [HEAD]


def model(folder, names, pairs, config=None, metadata=None):
    """The ties and notes of a folder that stores these names, one byte each."""
    tensors = {name: ("U8", [1], bytes([place])) for place, name in enumerate(names)}
    (folder / "model.safetensors").write_bytes(spell.checkpoint(tensors, metadata))
    config = {"model_type": "x", "tie_word_embeddings": True} if config is None else config
    (folder / "config.json").write_text(json.dumps(config))
    with open_source(folder, family_ties=lambda config: pairs) as source:
        return source.manifest.ties, source.notes


def test_metadata_whose_value_is_a_tensor_tie_their_key():
    with open_source(FOLDER / "tied.safetensors") as source:
        assert source.manifest.ties == [["2.bias", "4.bias"], ["2.weight", "4.weight"]]
        alias, kept = source.manifest["4.weight"], source.manifest["2.weight"]
        assert alias == kept._replace(
            name="4.weight", tied_to="2.weight", shard=-1, start=0, stop=0
        )
        assert source.raw("4.weight") == source.raw("2.weight")


def test_the_kept_name_is_canonical_whatever_the_family_calls_it():
    with open_source(FOLDER / "bart-like.safetensors") as source:
        assert source.manifest.ties == [
            [
                "model.decoder.embed_tokens.weight",
                "model.encoder.embed_tokens.weight",
                "model.shared.weight",
            ]
        ]
        assert source.array("model.shared.weight").shape == (12, 4)


def test_a_family_that_ties_an_alias_of_the_file_adds_to_its_group(tmp_path):
    """bart: the file keeps the decoder's name, the family ties everything to model.shared."""
    pairs = [(name, "model.shared.weight") for name in ("lm_head.weight", "d.weight")]
    metadata = {"model.shared.weight": "d.weight"}
    found, notes = model(tmp_path, ["d.weight"], pairs, metadata=metadata)
    assert found == [["d.weight", "model.shared.weight", "lm_head.weight"]]
    assert notes == []


@pytest.mark.parametrize(
    "metadata",
    [
        {"format": "pt"},
        {"a.weight": "b.weight"},
        {"c.weight": "d.weight"},
        {"a.weight": "a.weight"},
        {"x": "y", "y": "x"},
    ],
)
def test_other_metadata_tie_nothing(tmp_path, metadata):
    """The key must be no tensor and the value must be one; both hold for an alias only."""
    found, _ = model(tmp_path, ["a.weight", "b.weight"], [], metadata=metadata)
    assert found == []


def test_an_alias_of_an_alias_is_none(tmp_path):
    found, _ = model(tmp_path, ["a"], [], metadata={"b": "a", "c": "b"})
    assert found == [["a", "b"]]


def test_a_tie_that_only_the_config_knows_is_read():
    with open_source(FOLDER / "tied-by-config", family_ties=llama) as source:
        assert source.manifest.ties == [["model.embed_tokens.weight", "lm_head.weight"]]
        assert source.notes == []
        assert source.declared_ties == (HEAD,)


def test_the_name_that_is_present_takes_the_place_of_the_canonical_one():
    with open_source(FOLDER / "tied-other-kept", family_ties=llama) as source:
        assert source.manifest.ties == [["lm_head.weight", "model.embed_tokens.weight"]]


def test_names_that_are_both_stored_stay_apart_with_a_note():
    with open_source(FOLDER / "tied-but-both-stored", family_ties=llama) as source:
        assert source.manifest.ties == []
        assert source.notes == [
            "config.json ties lm_head.weight to model.embed_tokens.weight, but both are stored "
            "and stay apart"
        ]


def test_three_names_of_which_none_is_stored_tie_nothing(tmp_path):
    pairs = [("a", "shared"), ("b", "shared")]
    assert model(tmp_path, ["other"], pairs) == ([], [])


def test_tied_modules_are_tied_tensor_by_tensor(tmp_path):
    names = ["model.embed.weight", "model.embed.scale", "model.norm.weight"]
    found, _ = model(tmp_path, names, [("head", "model.embed")])
    assert found == [["model.embed.scale", "head.scale"], ["model.embed.weight", "head.weight"]]


def test_a_file_without_the_familys_prefix_is_tied_too(tmp_path):
    found, _ = model(tmp_path, ["wte.weight"], [("lm_head.weight", "transformer.wte.weight")])
    assert found == [["wte.weight", "lm_head.weight"]]


def test_a_config_that_its_family_can_not_read_is_a_note(tmp_path):
    def refuse(config):
        raise SpecError("no hidden_size", where="x.yaml:3:1")

    (tmp_path / "model.safetensors").write_bytes(spell.checkpoint({}))
    config = {"model_type": "x", "tie_word_embeddings": True}
    (tmp_path / "config.json").write_text(json.dumps(config))
    with open_source(tmp_path, family_ties=refuse) as source:
        assert source.notes == [
            "which names config.json ties is not known: x.yaml:3:1: no hidden_size"
        ]


@pytest.mark.parametrize(
    ("config", "concerned"),
    [
        (None, False),
        ({}, False),
        ({"tie_word_embeddings": True}, False),
        ({"model_type": ["llama"], "tie_word_embeddings": True}, False),
        ({"model_type": "llama", "tie_word_embeddings": True}, True),
        ({"model_type": "llama", "tie_word_embeddings": False}, False),
        ({"model_type": "llama"}, False),
        ({"model_type": "gpt2"}, True),
        ({"model_type": "gpt2", "tie_word_embeddings": False}, False),
        ({"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"]}, True),
        ({"model_type": "gpt2", "architectures": ["GPT2Model"]}, False),
        ({"model_type": "bert", "architectures": ["BertModel"]}, False),
        ({"model_type": "bert", "architectures": ["BertForMaskedLM"]}, True),
        ({"model_type": "bert", "architectures": "BertModel"}, True),
        ({"model_type": "bart", "architectures": ["BartModel"]}, True),
        ({"model_type": "t5", "tie_word_embeddings": False}, True),
    ],
)
def test_a_family_is_asked_only_where_a_config_may_tie(config, concerned):
    """Nothing is loaded for a model that has no output layer to tie."""
    assert concerns_family(config) is concerned


def test_the_family_is_not_asked_for_nothing(minilm):
    def fail(config):
        raise AssertionError("asked")

    with open_source(minilm, family_ties=fail) as source:
        assert source.manifest.ties == []
        assert source.declared_ties == ()


def test_a_tied_name_that_the_index_lists_is_not_missing(tmp_path):
    """Real indices list the tied output layer although no shard holds it."""
    names = {"model.embed_tokens.weight": "s.safetensors", "lm_head.weight": "s.safetensors"}
    tensors = {"model.embed_tokens.weight": ("U8", [1], b"a")}
    (tmp_path / "s.safetensors").write_bytes(spell.checkpoint(tensors))
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": names}))
    config = {"model_type": "llama", "tie_word_embeddings": True}
    (tmp_path / "config.json").write_text(json.dumps(config))
    with open_source(tmp_path, family_ties=llama) as source:
        assert source.manifest.ties == [["model.embed_tokens.weight", "lm_head.weight"]]


@pytest.mark.client
def test_files_that_save_model_writes_are_read_as_tied(tmp_path):
    import safetensors.torch
    import torch

    shared = torch.nn.Linear(3, 3)
    net = torch.nn.Sequential(torch.nn.Linear(2, 3), shared, torch.nn.ReLU(), shared)
    path = tmp_path / "m.safetensors"
    safetensors.torch.save_model(net, str(path))
    with open_source(path) as source:
        assert sorted(source.manifest.names) == sorted(net.state_dict())
        for name, tensor in net.state_dict().items():
            assert source.raw(name) == tensor.numpy().tobytes()


@pytest.mark.client
@pytest.mark.parametrize("family", ["GPT2", "Bert", "Llama"])
def test_what_transformers_ties_is_read_as_tied(tmp_path, family):
    """The file has no alias; config.json and the family say it, old configs by saying nothing."""
    import transformers

    sizes = {"hidden_size": 8, "intermediate_size": 16, "num_attention_heads": 2}
    config = getattr(transformers, f"{family}Config")(
        num_hidden_layers=1, vocab_size=12, bos_token_id=1, eos_token_id=2,
        tie_word_embeddings=True, **sizes,
    )  # fmt: skip
    head = {"GPT2": "LMHeadModel", "Bert": "ForMaskedLM", "Llama": "ForCausalLM"}[family]
    net = getattr(transformers, f"{family}{head}")(config)
    net.save_pretrained(tmp_path)
    with open_source(tmp_path) as source:
        assert source.notes == []
        tied = {e.name: e.tied_to for e in source.manifest if e.tied_to is not None}
        assert tied == net.all_tied_weights_keys
        assert {name for name, _ in net.named_parameters(remove_duplicate=False)} == {
            entry.name for entry in source.manifest if entry.name in net.state_dict()
        }
    if family != "Llama":
        saved = json.loads((tmp_path / "config.json").read_text())
        del saved["tie_word_embeddings"]
        (tmp_path / "config.json").write_text(json.dumps(saved))
        with open_source(tmp_path) as source:
            assert {e.name: e.tied_to for e in source.manifest if e.is_alias} == tied
