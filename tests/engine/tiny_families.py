"""Every built-in family with sizes so small that a run takes milliseconds, drawn at random."""

from paramctl.run.given import Given
from paramctl.run.request import Request
from paramctl.spec.load import load_spec

LAYERS, HEADS, WIDTH, INNER, WORDS = 2, 2, 16, 24, 31
SMALL = {
    **dict.fromkeys(
        ("num_hidden_layers", "n_layer", "n_layers", "num_layers", "nlayers", "encoder_layers",
         "decoder_layers", "text_layers", "vision_layers", "num_decoder_layers"), LAYERS),
    **dict.fromkeys(
        ("num_attention_heads", "num_key_value_heads", "num_kv_heads", "n_head", "n_heads",
         "num_heads", "encoder_attention_heads", "decoder_attention_heads", "text_heads",
         "vision_heads"), HEADS),
    **dict.fromkeys(
        ("hidden_size", "n_embd", "d_model", "dim", "text_width", "vision_width", "ninp", "nhid",
         "embedding_size", "word_embed_proj_dim", "projection_dim"), WIDTH),
    **dict.fromkeys(
        ("intermediate_size", "n_inner", "encoder_ffn_dim", "decoder_ffn_dim", "hidden_dim", "d_ff",
         "ffn_dim", "ffn_hidden_size", "text_inner", "vision_inner", "moe_intermediate_size",
         "shared_expert_intermediate_size"), INNER),
    **dict.fromkeys(
        ("max_position_embeddings", "n_positions", "text_positions", "max_target_positions"), 32),
    "vocab_size": WORDS, "eos_token_id": WORDS - 1, "pad_token_id": 0, "head_dim": 8, "d_kv": 8,
    "rotary_dim": 4, "sliding_window": 4, "local_attention": 4, "max_window_layers": 1,
    "image_size": 16, "patch_size": 8, "hidden_sizes": [8, 16], "dims": [8, 16],
    "depths": [1, 1], "num_classes": 3, "num_experts": 4, "num_experts_per_tok": 2,
    "num_local_experts": 4, "num_mel_bins": 6, "max_source_positions": 8, "state_size": 4,
    "relative_attention_max_distance": 16, "query_pre_attn_scalar": 8,
}  # fmt: skip
_SIDES = {"convnext_timm": {"depths": [1, 1, 1, 1], "dims": [8, 8, 16, 16]},
          "resnet_torchvision": {"depths": [1, 1, 1, 1]}}  # fmt: skip
_OPEN = {"batch": 2, "texts": 2, "images": 2, "height": 32, "width": 32}
_LENGTH = 6


def tiny(family: str, **options) -> Request:
    """A run of a family on random inputs."""
    known = load_spec(family).config
    sizes = {**SMALL, **_SIDES.get(family, {})}
    overrides = {name: size for name, size in sizes.items() if name in known}
    spec = load_spec(family, None, overrides)
    given = {
        name: Given("random", tuple(_size(size) for size in declared.shape))
        for name, declared in spec.inputs.items()
        if not declared.has_default
    }
    return Request(spec=family, overrides=overrides, given=given, **options)


def _size(size: int | str) -> int:
    return size if isinstance(size, int) else _OPEN.get(size, _LENGTH)
