"""Tiny models of torch itself, saved with the names of torchvision and of PyTorch's examples."""

import json
import re
from typing import Any

# Name of the case: blocks of each stage, is it a bottleneck, groups, width of a group.
RESNETS = {
    "resnet18": ([2, 2, 2, 2], False, 1, 64),
    "resnet34": ([3, 4, 6, 3], False, 1, 64),
    "resnet50": ([3, 4, 6, 3], True, 1, 64),
    "wide": ([2, 2, 2, 2], True, 1, 128),
    "resnext": ([3, 4, 6, 3], True, 4, 32),
}
# Name of the case: the config of the language model.
RECURRENT = {
    "lstm": {"rnn_type": "LSTM", "nlayers": 2},
    "lstm-tied": {"rnn_type": "LSTM", "nlayers": 1, "tie_weights": True, "ninp": 11},
    "gru": {"rnn_type": "GRU", "nlayers": 3},
    "gru-both-ways": {"rnn_type": "GRU", "nlayers": 2, "bidirectional": True},
    "rnn-relu": {"rnn_type": "RNN_RELU", "nlayers": 2},
}
_HF_NAMES = (
    (r"resnet\.embedder\.embedder\.", ""),
    (r"resnet\.encoder\.stages\.(\d+)\.layers\.", lambda m: f"layer{int(m[1]) + 1}."),
    (r"layer\.(\d+)\.convolution", lambda m: f"conv{int(m[1]) + 1}"),
    (r"layer\.(\d+)\.normalization", lambda m: f"bn{int(m[1]) + 1}"),
    (r"shortcut\.convolution", "downsample.0"),
    (r"shortcut\.normalization", "downsample.1"),
    (r"^convolution", "conv1"),
    (r"^normalization", "bn1"),
    (r"classifier\.1", "fc"),
)


def resnet(case: str) -> tuple[dict[str, Any], Any]:
    """Tensors under torchvision's names and transformers' model of them, 8 channels wide.

    Only where groups or widths are not the usual ones the model is ``None``.
    """
    import torch
    import transformers

    depths, deep, groups, group_width = RESNETS[case]
    torch.manual_seed(len(case))
    times = 4 if deep else 1
    config = transformers.ResNetConfig(
        embedding_size=8, hidden_sizes=[8 * times * 2**k for k in range(4)], depths=depths,
        layer_type="bottleneck" if deep else "basic", num_labels=3,
    )  # fmt: skip
    model = transformers.ResNetForImageClassification(config).eval()
    tensors = {}
    for name, value in model.state_dict().items():
        for pattern, new in _HF_NAMES:
            name = re.sub(pattern, new, name)
        tensors[name] = _widened(name, value, groups, group_width) if deep else value
    for name, value in tensors.items():
        if value.is_floating_point():
            value.add_(torch.randn_like(value) * 0.05)
            if "var" in name:
                value.abs_()
    return tensors, model if (groups, group_width) == (1, 64) else None


def _widened(name: str, value: Any, groups: int, group_width: int) -> Any:
    """The inner channels of a bottleneck as groups of a width have them."""
    import torch

    found = re.fullmatch(r"layer\d\.\d+\.(conv|bn)(\d)\.(\w+)", name)
    if not found or value.ndim == 0 or (groups, group_width) == (1, 64):
        return value
    kind, place, _ = found.groups()
    shape = list(value.shape)
    if place in "12":
        shape[0] = shape[0] * group_width // 64 * groups
    if kind == "conv" and place in "23":
        shape[1] = shape[1] * group_width // 64 * (groups if place == "3" else 1)
    if "running" in name or kind == "bn":
        return torch.ones(shape) if name.endswith(("var", "weight")) else torch.zeros(shape)
    return torch.randn(shape) * 0.1


def resnet_by_hand(tensors: dict[str, Any], x: Any, groups: int) -> Any:
    """The logits of such tensors, block by block as their names say."""
    from torch.nn import functional

    def norm(y: Any, name: str) -> Any:
        parts = (tensors[f"{name}.{p}"] for p in ("running_mean", "running_var", "weight", "bias"))
        return functional.batch_norm(y, *parts)

    x = functional.relu(
        norm(functional.conv2d(x, tensors["conv1.weight"], stride=2, padding=3), "bn1")
    )
    x = functional.max_pool2d(x, 3, 2, 1)
    blocks = dict.fromkeys(m[0] for n in tensors if (m := re.match(r"layer\d\.\d+", n)))
    for block in sorted(blocks, key=lambda b: (b[5], int(b[7:]))):
        stride = 2 if block.endswith(".0") and block[5] != "1" else 1
        y = functional.relu(
            norm(functional.conv2d(x, tensors[f"{block}.conv1.weight"]), f"{block}.bn1")
        )
        inner = tensors[f"{block}.conv2.weight"]
        y = functional.relu(
            norm(functional.conv2d(y, inner, None, stride, 1, 1, groups), f"{block}.bn2")
        )
        y = norm(functional.conv2d(y, tensors[f"{block}.conv3.weight"]), f"{block}.bn3")
        if f"{block}.downsample.0.weight" in tensors:
            x = functional.conv2d(x, tensors[f"{block}.downsample.0.weight"], stride=stride)
            x = norm(x, f"{block}.downsample.1")
        x = functional.relu(x + y)
    return functional.linear(x.mean((2, 3)), tensors["fc.weight"], tensors["fc.bias"])


def language_model(case: str, folder: Any) -> Any:
    """A recurrent language model of torch, saved with its config to a folder."""
    import torch
    from safetensors.torch import save_model
    from torch import nn

    config = {"model_type": "rnn_lm", "vocab_size": 41, "ninp": 9, "nhid": 11, **RECURRENT[case]}
    kind, _, shape = config["rnn_type"].partition("_")
    both = config.get("bidirectional", False)
    torch.manual_seed(len(case))
    options = {"nonlinearity": shape.lower()} if shape else {}
    model = nn.ModuleDict({
        "encoder": nn.Embedding(41, config["ninp"]),
        "rnn": getattr(nn, kind)(config["ninp"], 11, config["nlayers"], batch_first=True,
                                 bidirectional=both, **options),
        "decoder": nn.Linear(22 if both else 11, 41),
    })  # fmt: skip
    if config.get("tie_weights"):
        model["decoder"].weight = model["encoder"].weight
    save_model(model, str(folder / "model.safetensors"))
    (folder / "config.json").write_text(json.dumps(config))
    return model
