"""Logits of whole families over weights made by a rule, as transformers and torch gave them.

The k-th name in sorted order holds ``base + 0.1 sin(0.37 i + 0.11 k)`` at its flat index i; base
is 1 for vectors whose name ends in ``.weight``, else 0. Figures: transformers 5.23, torch 2.13,
float64.
"""

import json

import numpy as np
import pytest
from command import expect
from safetensors.numpy import save_file

from paramctl.spec.build import build
from paramctl.spec.load import load_spec
from paramctl.spec.manifest import manifest_of
from paramctl.spec.shapes import infer_shapes

SMALL = {
    "vocab_size": 100, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 1,
    "num_attention_heads": 4,
}  # fmt: skip
CAUSAL = {**SMALL, "num_key_value_heads": 2, "max_position_embeddings": 32}
CASES = {
    "gpt2": (
        {"vocab_size": 100, "n_embd": 16, "n_layer": 1, "n_head": 4, "n_positions": 32},
        5424, 16, [0.644737, 0.972514, 1.173417, 1.221236, 1.109732], 1.34740,
    ),
    "llama": (
        CAUSAL, 5168, 12, [-0.116209, 0.198497, 0.487307, 0.712542, 0.844820], 2.59715,
    ),
    "mistral": (
        CAUSAL, 5168, 12, [-0.116209, 0.198497, 0.487307, 0.712542, 0.844820], 2.59715,
    ),
    "bert": (
        {**SMALL, "max_position_embeddings": 32},
        4846, 30, [-0.315072, 0.004336, 0.323061, 0.599703, 0.798340], 3.17206,
    ),
    "t5": (
        {"vocab_size": 100, "d_model": 16, "d_kv": 4, "d_ff": 24, "num_layers": 1, "num_heads": 4},
        6576, 26, [0.255438, 0.224325, 0.163947, 0.082180, -0.010308], -0.68926,
    ),
    "vit": (
        {**SMALL, "image_size": 8, "patch_size": 4, "id2label": {"0": "a", "1": "b", "2": "c"}},
        2923, 24, [0.648259, 0.447471, 0.188129], 1.28386,
    ),
    "resnet": (
        {"embedding_size": 8, "hidden_sizes": [16], "depths": [1], "layer_type": "basic",
         "id2label": {"0": "a", "1": "b", "2": "c"}},
        5039, 26, [0.005976, 0.042666, 0.073613], 0.12226,
    ),
}  # fmt: skip
HEADS = {"bert": ("bert.pooler.", "cls."), "vit": ("classifier.",), "resnet": ("classifier.",)}
LOGITS = {"bert": "prediction_logits"}
TOKENS = ("--input", "input_ids=[[1,2,3,4]]")
INPUTS = {"t5": (*TOKENS, "--input", "decoder_input_ids=[[0,5]]")}
SIDES = {"vit": 8, "resnet": 32}
LABELS = 3


def filled(shapes):
    """The arrays of the rule, by name."""
    arrays = {}
    for k, name in enumerate(sorted(shapes)):
        shape = shapes[name]
        base = 1.0 if len(shape) == 1 and name.endswith(".weight") else 0.0
        i = np.arange(np.prod(shape, dtype=int), dtype=np.float64)
        values = (base + 0.1 * np.sin(0.37 * i + 0.11 * k)).astype(np.float32).reshape(shape)
        if name.endswith("running_var"):
            values = (1 + 0.1 * np.abs(values)).astype(np.float32)
        counts = name.endswith("num_batches_tracked")
        arrays[name] = np.zeros(shape, np.int64) if counts else values
    return arrays


def stored_shapes(family, config=None, forms=None):
    """Names and shapes on disk, with the heads of the case."""
    spec = load_spec(family, config)
    heads = HEADS.get(family, ())
    module = build(spec, lambda beginning: beginning.startswith(heads) if heads else False)
    infer_shapes(spec, module, forms)
    stored = manifest_of(module).stored
    return {entry.name: tuple(size or LABELS for size in entry.shape) for entry in stored}


@pytest.mark.parametrize("family", CASES)
def test_logits_are_those_of_transformers(family, tmp_path):
    config, numel, count, first, total = CASES[family]
    arrays = filled(stored_shapes(family, config))
    assert len(arrays) == count
    assert sum(array.size for array in arrays.values()) == numel
    save_file(arrays, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(json.dumps({"model_type": family, **config}))
    words = INPUTS.get(family, TOKENS)
    if family in SIDES:
        side = SIDES[family]
        pixels = np.sin(0.01 * np.arange(3 * side * side)).reshape(1, 3, side, side)
        np.save(tmp_path / "x.npy", pixels)
        words = ("--input", f"pixel_values={tmp_path}/x.npy")
    answer = expect(0, "forward", tmp_path, *words, "--dtype", "float64", "--json").json
    logits = np.array(answer["outputs"][LOGITS.get(family, "logits")]["values"])[0]
    logits = logits if family in SIDES else logits[-1]
    np.testing.assert_allclose(logits[:5], first, atol=6e-7)
    assert logits.sum() == pytest.approx(total, abs=6e-6)


LAYERS = {
    "lstm": (
        "LSTM(4, 3, num_layers=2, bidirectional=True, batch_first=True)", (2, 5, 4), 0.3,
        [0.053178, 0.006376, -0.023152, 0.020643, -0.003594, -0.015950], 0.302622,
    ),
    "gru": (
        "GRU(4, 3, batch_first=True)", (2, 5, 4), 0.3, [0.151864, 0.230607, -0.009395], 1.086366,
    ),
    "transposed": (
        "ConvTranspose2d(3, 2, 4, stride=2, padding=1)", (1, 3, 4, 4), 0.1,
        [0.091494, 0.178625, 0.181578], 5.009063,
    ),
    "grouped": (
        "Conv2d(4, 6, 3, padding=1, groups=2)", (1, 4, 5, 5), 0.1,
        [-0.071034, -0.063386, 0.006643], 29.978118,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", LAYERS)
def test_layers_compute_what_torch_computes(case, tmp_path):
    layer, shape, step, first, total = LAYERS[case]
    (tmp_path / "net.yaml").write_text(f"paramctl: 1\nmodel: {layer}\n")
    arrays = filled(stored_shapes(tmp_path / "net.yaml", forms={"x": (shape, "float64")}))
    save_file(arrays, tmp_path / "w.safetensors")
    x = np.sin(step * np.arange(np.prod(shape))).reshape(shape)
    np.save(tmp_path / "x.npy", x)
    answer = expect(
        0, "forward", tmp_path / "net.yaml", tmp_path / "w.safetensors", "--dtype", "float64",
        "--input", f"x={tmp_path}/x.npy", "--json",
    ).json  # fmt: skip
    outputs = answer["outputs"]
    values = np.array(next(iter(outputs.values()))["values"])
    found = values[0, -1] if case in ("lstm", "gru") else values.ravel()
    np.testing.assert_allclose(found[: len(first)], first, atol=6e-7)
    assert values.sum() == pytest.approx(total, abs=2e-6)
