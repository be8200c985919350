"""Families on tensors filled by a formula, against logits that transformers gave for the same.

The k-th of the sorted names of the file holds ``base + 0.1 sin(0.37 i + 0.11 k)``; base is 1
for vectors called weight, else 0. Integers stay zero and variances are ``1 + 0.1 |value|``.
"""

import numpy as np
import pytest
from spec.spec_runs import built, count, fixture, run

from paramctl.spec.build import build
from paramctl.spec.load import load_spec
from paramctl.spec.manifest import manifest_of
from paramctl.spec.shapes import infer_shapes

SMALL = {
    "vocab_size": 100, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 1,
    "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 32,
}  # fmt: skip
IDS = {"input_ids": [[1, 2, 3, 4]]}
IMAGE = np.sin(0.01 * np.arange(3 * 8 * 8)).reshape(1, 3, 8, 8)
LARGER = np.sin(0.01 * np.arange(3 * 32 * 32)).reshape(1, 3, 32, 32)
HEADS = {"bert": ("cls.", "bert.pooler."), "vit": ("classifier.",), "resnet": ("classifier.",)}

GOLDENS = {
    "gpt2": (
        {"vocab_size": 100, "n_embd": 16, "n_layer": 1, "n_head": 4, "n_positions": 32},
        IDS, None, 5424,
        [0.644737, 0.972514, 1.173417, 1.221236, 1.109732], 1.34740,
    ),
    "llama": (
        SMALL, IDS, None, 5168,
        [-0.116209, 0.198497, 0.487307, 0.712542, 0.844820], 2.59715,
    ),
    "mistral": (
        SMALL, IDS, None, 5168,
        [-0.116209, 0.198497, 0.487307, 0.712542, 0.844820], 2.59715,
    ),
    "bert": (
        SMALL, IDS, 2, 4846,
        [-0.315072, 0.004336, 0.323061, 0.599703, 0.798340], 3.17206,
    ),
    "t5": (
        {"vocab_size": 100, "d_model": 16, "d_kv": 4, "d_ff": 24, "num_layers": 1, "num_heads": 4},
        IDS | {"decoder_input_ids": [[0, 5]]}, 0, 6576,
        [0.255438, 0.224325, 0.163947, 0.082180, -0.010308], -0.68926,
    ),
    "vit": (
        SMALL | {"image_size": 8, "patch_size": 4}, {"pixel_values": IMAGE}, 2, 2923,
        [0.648259, 0.447471, 0.188129], 1.28386,
    ),
    "resnet": (
        {"embedding_size": 8, "hidden_sizes": [16], "depths": [1], "layer_type": "basic"},
        {"pixel_values": LARGER}, 2, 5039,
        [0.005976, 0.042666, 0.073613], 0.12226,
    ),
}  # fmt: skip


def filled(module):
    """Give every tensor of the file its values."""
    names = sorted(entry.name for entry in manifest_of(module).stored)
    for k, name in enumerate(names):
        parameter = module[name]
        size = int(np.prod(parameter.shape))
        base = 1.0 if len(parameter.shape) == 1 and name.endswith(".weight") else 0.0
        value = (base + 0.1 * np.sin(0.37 * np.arange(size) + 0.11 * k)).astype("f4")
        if name.endswith("running_var"):
            value = (1 + 0.1 * abs(value.astype("f8"))).astype("f4")
        if parameter.dtype == "I64":
            value = np.zeros(size, np.int64)
        parameter.value = value.reshape(parameter.shape)


@pytest.mark.parametrize("family", GOLDENS)
def test_the_logits_are_the_golden_ones(family):
    config, inputs, place, elements, first, total = GOLDENS[family]
    spec = load_spec(family, config)
    module = build(spec, lambda prefix: prefix.startswith(HEADS.get(family, ())))
    for name, parameter in module.named_parameters():
        if name.startswith("classifier"):  # three labels
            shape = tuple(size if isinstance(size, int) else 3 for size in parameter.shape)
            parameter.settle(shape, "the checkpoint")
    forms = {n: (np.shape(x), "int64" if "ids" in n else "float32") for n, x in inputs.items()}
    infer_shapes(spec, module, forms)
    stored = manifest_of(module).stored
    assert sum(entry.numel for entry in stored) == elements
    filled(module)
    result = run(spec, module, dtype="float64", **inputs)
    logits = (result if place is None else result[place]).array
    last = logits[0, -1] if logits.ndim == 3 else logits[0]
    np.testing.assert_allclose(last[: len(first)], first, atol=1.1e-6)
    assert last.sum() == pytest.approx(total, abs=1.1e-5)


@pytest.mark.parametrize(
    ("layer", "shape", "first", "total"),
    [
        ("LSTM(4, 3, num_layers=2, bidirectional=True, batch_first=True)", (2, 5, 4),
         [0.053178, 0.006376, -0.023152, 0.020643, -0.003594, -0.015950], 0.302622),
        ("GRU(4, 3, batch_first=True)", (2, 5, 4), [0.151864, 0.230607, -0.009395], 1.086366),
    ],
)  # fmt: skip
def test_recurrent_layers_give_the_golden_outputs(layer, shape, first, total, tmp_path):
    path = tmp_path / "net.yaml"
    path.write_text(f"paramctl: 1\nmodel: {layer}")
    spec, module = built(path, x=shape)
    filled(module)
    x = np.sin(0.3 * np.arange(np.prod(shape))).reshape(shape)
    out = run(spec, module, dtype="float64", x=x)[0].array
    np.testing.assert_allclose(out[0, -1], first, atol=1.1e-6)
    assert out.sum() == pytest.approx(total, abs=1.1e-6)


@pytest.mark.parametrize(
    ("layer", "shape", "first", "total"),
    [
        ("ConvTranspose2d(3, 2, 4, stride=2, padding=1)", (1, 3, 4, 4),
         [0.091494, 0.178625, 0.181578], 5.009063),
        ("Conv2d(4, 6, 3, padding=1, groups=2)", (1, 4, 5, 5),
         [-0.071034, -0.063386, 0.006643], 29.978118),
    ],
)  # fmt: skip
def test_convolutions_give_the_golden_outputs(layer, shape, first, total, tmp_path):
    path = tmp_path / "net.yaml"
    path.write_text(f"paramctl: 1\nmodel: {layer}")
    spec, module = built(path, x=shape)
    filled(module)
    x = np.sin(0.1 * np.arange(np.prod(shape))).reshape(shape)
    out = run(spec, module, dtype="float64", x=x).array
    np.testing.assert_allclose(out.ravel()[:3], first, atol=1.1e-6)
    assert out.sum() == pytest.approx(total, abs=1.1e-5)


SHAPES = {
    "mlp256": {"x": (2, 20)}, "mlp-named": {"x": (2, 20)}, "rgnet": {"x": (3, 4)},
    "chimera": {"x": (2, 20)}, "parallel": {"x": (2, 4)}, "lenet": {"x": (2, 1, 28, 28)},
    "centered-net": {"x": (4, 8)}, "two-heads": {"a": (2, 20), "b": (3, 30)},
}  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_inference_tells_the_shapes_that_a_forward_gives(name):
    spec, module = built(fixture(name))
    forms = {key: (shape, "float32") for key, shape in SHAPES[name].items()}
    told = infer_shapes(spec, module, forms)
    filled(module)
    inputs = {key: np.ones(shape, "f4") for key, shape in SHAPES[name].items()}
    given = run(spec, module, **inputs)
    pairs = zip(told, given, strict=True) if isinstance(told, tuple) else [(told, given)]
    assert all((a.shape, a.dtype) == (b.shape, b.dtype) for a, b in pairs)
    assert count(module) > 0
