"""Networks of transformers under the names that timm gives them, with timm's config.json."""

import json
import re
from typing import Any

# Name of the case: the architecture of timm, class of transformers, its config, arguments of timm.
VIT = {
    "hidden_size": 24, "intermediate_size": 52, "num_hidden_layers": 3, "num_attention_heads": 4,
    "image_size": 12, "patch_size": 4, "num_labels": 5, "layer_norm_eps": 1e-6,
}  # fmt: skip
CONVNEXT = {
    "hidden_sizes": [6, 10, 12, 14], "depths": [1, 2, 3, 1], "num_labels": 5,
    "layer_norm_eps": 1e-6,
}  # fmt: skip
CASES = {
    "vit": ("vit_small_patch16_224", "ViT", VIT, {"num_heads": 4}),
    "vit-64-wide-heads": (
        "deit_tiny_patch16_224",
        "ViT",
        {**VIT, "hidden_size": 128, "num_attention_heads": 2, "qkv_bias": False},
        {},
    ),
    "vit-gray": (
        "vit_base_patch16_224",
        "ViT",
        {**VIT, "num_channels": 1, "patch_size": 3, "hidden_act": "quick_gelu"},
        {"num_heads": 4, "act_layer": "quick_gelu"},
    ),
    "convnext": ("convnext_tiny", "ConvNext", CONVNEXT, {}),
    "convnext-deep": ("convnext_base", "ConvNext", {**CONVNEXT, "depths": [2, 1, 4, 2]}, {}),
    "convnextv2": ("convnextv2_atto", "ConvNextV2", CONVNEXT, {}),
}
_NAMES = (
    (r"^(vit|convnext|convnextv2)\.", ""),
    (r"embeddings\.cls_token", "cls_token"),
    (r"embeddings\.position_embeddings", "pos_embed"),
    (r"embeddings\.patch_embeddings\.projection", "patch_embed.proj"),
    (r"encoder\.layer\.", "blocks."),
    (r"attention\.output\.dense", "attn.proj"),
    (r"intermediate\.dense", "mlp.fc1"),
    (r"(\d)\.output\.dense", r"\1.mlp.fc2"),
    (r"layernorm_before", "norm1"),
    (r"layernorm_after", "norm2"),
    (r"^embeddings\.patch_embeddings", "stem.0"),
    (r"^embeddings\.layernorm", "stem.1"),
    (r"^encoder\.stages", "stages"),
    (r"downsampling_layer", "downsample"),
    (r"\.layers\.", ".blocks."),
    (r"layer_scale_parameter", "gamma"),
    (r"dwconv", "conv_dw"),
    (r"pwconv1", "mlp.fc1"),
    (r"pwconv2", "mlp.fc2"),
    (r"\.grn", ".mlp.grn"),
)


def saved(case: str, folder: Any) -> Any:
    """A random model of transformers, and its tensors as timm would save them in a folder."""
    import torch
    import transformers
    from safetensors.torch import load_file, save_file

    name, kind, changes, arguments = CASES[case]
    torch.manual_seed(len(case))
    made = getattr(transformers, f"{kind}ForImageClassification")
    model = made(made.config_class(**changes)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    model.save_pretrained(folder)
    path = folder / "model.safetensors"
    save_file(_renamed(load_file(path), kind), path)
    vision = model.config
    side = vision.image_size if kind == "ViT" else 64
    config = {
        "architecture": name, "num_classes": 5, "model_args": arguments,
        "pretrained_cfg": {"input_size": [vision.num_channels, side, side]},
    }  # fmt: skip
    if kind == "ViT":
        config["num_features"] = vision.hidden_size
    (folder / "config.json").write_text(json.dumps(config))
    return model


def _renamed(tensors: dict[str, Any], kind: str) -> dict[str, Any]:
    import torch

    last = {"ViT": ("norm.", "head."), "ConvNext": ("head.norm.", "head.fc.")}
    norm, head = last["ViT" if kind == "ViT" else "ConvNext"]
    named = {}
    for name, value in tensors.items():
        for pattern, new in (*_NAMES, (r"^layernorm\.", norm), (r"^classifier\.", head)):
            name = re.sub(pattern, new, name)
        name = re.sub(r"(blocks\.\d+)\.layernorm", r"\1.norm", name)
        named[name] = value.flatten() if "grn" in name else value
    for name in [name for name in named if "attention.attention.query" in name]:
        parts = [named.pop(name.replace("query", part)) for part in ("query", "key", "value")]
        named[name.replace("attention.attention.query", "attn.qkv")] = torch.cat(parts)
    return {name: value.contiguous() for name, value in named.items()}
