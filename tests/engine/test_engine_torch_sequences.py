"""Operations on sequences beside torch: attention, recurrence, positions."""

from typing import Any

import numpy as np
import pytest
from engine.beside_torch import arrays, call, compare

from paramctl.engine.execution import Execution

pytestmark = pytest.mark.client
ATTENTIONS = [
    ((2, 4, 6, 8), (2, 4, 6, 8), {}),
    ((2, 4, 6, 8), (2, 4, 6, 8), {"causal": True}),
    ((2, 6, 5, 8), (2, 2, 5, 8), {"causal": True, "scale": 0.2}),
    ((1, 2, 3, 4), (1, 2, 7, 4), {}),
]


@pytest.mark.parametrize(("q", "k", "options"), ATTENTIONS)
def test_attention(q, k, options):
    from torch.nn import functional

    theirs = {"is_causal": options.get("causal", False), "scale": options.get("scale")}
    compare(
        call("attention", **options),
        lambda q, k, v: functional.scaled_dot_product_attention(q, k, v, enable_gqa=True, **theirs),
        arrays(8, q, k, k),
    )


def test_attention_with_a_bias():
    from torch.nn import functional

    compare(
        call("attention"),
        lambda q, k, v, bias: functional.scaled_dot_product_attention(q, k, v, bias),
        arrays(9, (2, 3, 4, 5), (2, 3, 6, 5), (2, 3, 6, 5), (1, 3, 4, 6)),
    )


def recurrent(kind: str, torch_layer: Any, bidirectional: bool) -> Any:
    """Our function over the weights of a torch layer, both directions concatenated."""

    def run(execution, x, *weights):
        sides = [weights[:4], weights[4:]] if bidirectional else [weights]
        outputs = [
            execution.function(kind, x, *side, reverse=bool(place))[0]
            for place, side in enumerate(sides)
        ]
        return execution.function("concat", outputs, axis=-1)

    return run


@pytest.mark.parametrize("kind", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_recurrent_layers(kind, bidirectional):
    import torch

    layer = getattr(torch.nn, kind.upper())(
        4, 3, batch_first=True, bidirectional=bidirectional, dtype=torch.float64
    )
    names = [name for name, _ in layer.named_parameters()]
    values = [value.detach().numpy() for value in layer.parameters()]

    def theirs(x, *weights):
        return torch.func.functional_call(layer, dict(zip(names, weights, strict=True)), (x,))[0]

    compare(recurrent(kind, layer, bidirectional), theirs, [*arrays(11, (2, 5, 4)), *values])


def test_an_lstm_with_a_projection():
    import torch

    layer = torch.nn.LSTM(4, 5, proj_size=3, batch_first=True, dtype=torch.float64)
    names = [name for name, _ in layer.named_parameters()]
    values = [value.detach().numpy() for value in layer.parameters()]

    def theirs(x, *weights):
        return torch.func.functional_call(layer, dict(zip(names, weights, strict=True)), (x,))[0]

    def ours(execution, x, w_ih, w_hh, b_ih, b_hh, w_hr):
        return execution.function("lstm", x, w_ih, w_hh, b_ih, b_hh, w_hr)[0]

    compare(ours, theirs, [*arrays(12, (2, 5, 4)), *values])


@pytest.mark.parametrize("bidirectional", [True, False])
def test_relative_buckets_are_those_of_t5(bidirectional):
    import torch
    from transformers.models.t5.modeling_t5 import T5Attention

    distance = torch.arange(1500)[None, :] - torch.arange(1500)[:, None]
    expected = T5Attention._relative_position_bucket(distance, bidirectional, 32, 128)
    ours = Execution().apply(
        "relative_buckets", queries=1500, keys=1500, bidirectional=bidirectional
    )
    np.testing.assert_array_equal(ours.array, expected.numpy())


@pytest.mark.parametrize("kind", ["default", "linear", "llama3", "yarn"])
def test_rope_is_that_of_llama(kind):
    import torch
    from transformers import LlamaConfig
    from transformers.models.llama.modeling_llama import (
        LlamaRotaryEmbedding,
        apply_rotary_pos_emb,
    )

    scaling = {
        "rope_type": kind, "rope_theta": 10000.0, "factor": 4.0, "low_freq_factor": 1.0,
        "high_freq_factor": 4.0, "original_max_position_embeddings": 64,
    }  # fmt: skip
    config = LlamaConfig(
        hidden_size=64, num_attention_heads=4, rope_parameters=scaling, max_position_embeddings=256
    )
    (x,) = arrays(13, (2, 4, 40, 16))
    rotary = LlamaRotaryEmbedding(config)
    cos, sin = rotary(torch.tensor(x), torch.arange(40)[None])
    expected = apply_rotary_pos_emb(torch.tensor(x), torch.tensor(x), cos, sin)[0].numpy()
    execution = Execution(dtype="float64")
    ours = execution.apply("rope", execution.constant(x), scaling=scaling)
    np.testing.assert_allclose(ours.array, expected, atol=2e-5)  # theirs are float32 angles
