"""A starting spec has the names, shapes and ties of the checkpoint that it was read off."""

import pytest
from spec.spec_runs import built, fixture, write

from paramctl.errors import UsageError
from paramctl.manifest import Entry, Manifest
from paramctl.spec.load import families, load_spec
from paramctl.spec.manifest import manifest_of
from paramctl.spec.sized import sized
from paramctl.spec.starting import starting_spec

SMALL = {
    "hidden_size": 32, "n_embd": 32, "d_model": 32, "vocab_size": 50, "num_hidden_layers": 11,
    "n_layer": 11, "num_attention_heads": 4, "num_key_value_heads": 2, "n_head": 4,
    "intermediate_size": 48, "encoder_attention_heads": 4, "decoder_attention_heads": 4,
    "rotary_dim": 4,
}  # fmt: skip

UNKNOWN = "# forward: to be written; until then the modules run in order"


def facts(manifest):
    return {entry.name: (entry.shape, entry.tied_to) for entry in manifest}


def read_back(manifest, folder):
    return manifest_of(built(write(folder, starting_spec(manifest)))[1])


@pytest.mark.parametrize("family", families())
def test_the_names_and_shapes_of_a_family_come_back(family, tmp_path):
    manifest = manifest_of(sized(load_spec(family, SMALL)))
    found = read_back(manifest, tmp_path)
    assert {entry.name: entry.shape for entry in found} == {
        entry.name: entry.shape for entry in manifest
    }
    assert len(found.stored) == len(manifest.stored)


@pytest.mark.parametrize(
    "name", ["mlp8", "tied-mlp", "fixed-hidden", "my-dense", "lenet", "affine"]
)
def test_the_names_and_shapes_of_a_fixture_come_back(name, tmp_path):
    manifest = manifest_of(sized(load_spec(fixture(name))))
    assert facts(read_back(manifest, tmp_path)) == facts(manifest)


def test_repeated_layers_become_one_block():
    entries = [Entry(f"h.{i}.fc.weight", "F32", (4, 4)) for i in range(12)]
    assert starting_spec(Manifest(entries)) == (
        "paramctl: 1\nname: model\nblocks:\n"
        f"  HBlock:\n    modules:\n      fc: Linear(4, 4, bias=False)\n    {UNKNOWN}\n"
        f"model:\n  modules:\n    h: Repeat(12, HBlock())\n  {UNKNOWN}\n"
    )


def test_layers_are_recognized_by_their_tensors():
    entries = [
        Entry("wte.weight", "F32", (9, 4)),
        Entry("ln.weight", "F32", (4,)),
        Entry("ln.bias", "F32", (4,)),
        Entry("c_fc.weight", "F32", (4, 16)),
        Entry("c_fc.bias", "F32", (16,)),
        Entry("conv.weight", "F32", (8, 3, 5, 5)),
        Entry("scale", "F32", ()),
        Entry("odd.mask", "BOOL", (3, 3)),
    ]
    text = starting_spec(Manifest(entries), "net")
    for line in (
        "wte: Embedding(9, 4)", "ln: LayerNorm(4)", "c_fc: Conv1D(16, 4)",
        "conv: Conv2d(3, 8, (5, 5), bias=False)", "scale: Param()",
        'mask: Buffer(3, 3, dtype="BOOL")', "forward: return x    # to be written",
    ):  # fmt: skip
        assert line in text


BATCH = dict.fromkeys(("weight", "bias", "running_mean", "running_var"), (6,))
TWO_WAYS = {
    f"{kind}_l{layer}{way}": (12, 4 if kind == "weight_hh" else 5 if layer == 0 else 8)
    for kind in ("weight_ih", "weight_hh") for layer in (0, 1) for way in ("", "_reverse")
}  # fmt: skip


@pytest.mark.parametrize(
    ("tensors", "layer"),
    [
        (BATCH | {"num_batches_tracked": ()}, "BatchNorm2d(6)"),
        (BATCH, None),
        (TWO_WAYS, "GRU(5, 4, num_layers=2, bias=False, bidirectional=True)"),
        ({"weight_ih_l0": (16, 5), "weight_hh_l0": (16, 4), "bias_ih_l0": (16,),
          "bias_hh_l0": (16,)}, "LSTM(5, 4)"),
        ({"weight_ih_l0": (16, 5), "weight_hh_l0": (16, 4), "weight_hr_l0": (2, 4)}, None),
        ({"weight_ih_l0": (4, 5), "weight_hh_l0": (4, 4)}, "RNN(5, 4, bias=False)"),
        ({"weight_ih_l0": (4,)}, None),
    ],
)  # fmt: skip
def test_a_layer_of_many_tensors_is_recognized_and_has_just_these(tensors, layer, tmp_path):
    entries = [
        Entry(f"m.{name}", "I64" if "num_" in name else "F32", shape)
        for name, shape in tensors.items()
    ]
    assert (f"m: {layer}\n" in starting_spec(Manifest(entries))) == (layer is not None)
    found = read_back(Manifest(entries), tmp_path)
    assert {entry.name: entry.shape for entry in found} == {e.name: e.shape for e in entries}


def test_a_name_with_an_empty_part_is_refused():
    with pytest.raises(UsageError) as caught:
        starting_spec(Manifest([Entry("a..b", "F32", (1,))]))
    assert str(caught.value) == "no tree of modules gives the name 'a..b'"
