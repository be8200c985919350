"""Tiny models of images and sounds with odd sizes, their options on and off."""

from clients.odd_models import cases

SMALL = {
    "vocab_size": 91, "hidden_size": 24, "intermediate_size": 37, "num_hidden_layers": 2,
    "num_attention_heads": 4, "max_position_embeddings": 48,
}  # fmt: skip
TEXT = {**SMALL, "max_position_embeddings": 20, "eos_token_id": 7, "projection_dim": 14}
VISION = {
    "hidden_size": 20, "intermediate_size": 37, "num_hidden_layers": 3, "num_attention_heads": 5,
    "image_size": 12, "patch_size": 4, "projection_dim": 14,
}  # fmt: skip
CONVNEXT = {"num_stages": 3, "hidden_sizes": [6, 6, 10], "depths": [1, 2, 1], "num_labels": 3}
WHISPER = {
    "vocab_size": 91, "d_model": 24, "encoder_layers": 2, "decoder_layers": 1,
    "encoder_attention_heads": 4, "decoder_attention_heads": 3, "encoder_ffn_dim": 37,
    "decoder_ffn_dim": 29, "num_mel_bins": 11, "max_source_positions": 9,
    "max_target_positions": 20, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2,
    "decoder_start_token_id": 1, "begin_suppress_tokens": None,
}  # fmt: skip
VIT = {**SMALL, "image_size": 12, "patch_size": 4}
RESNET = {"embedding_size": 8, "hidden_sizes": [12, 20], "depths": [2, 1], "num_labels": 3}

SENSES = [
    *cases(
        "clip",
        ("CLIPModel", {"text_config": TEXT, "vision_config": VISION, "projection_dim": 12}),
        ("CLIPModel", {"text_config": {**TEXT, "eos_token_id": 2, "hidden_act": "gelu"},
                       "vision_config": {**VISION, "num_channels": 1}, "projection_dim": 30}),
        ("CLIPModel", {"text_config": {**TEXT, "num_hidden_layers": 1},
                       "vision_config": {**VISION, "layer_norm_eps": 0.1, "patch_size": 6}}),
        ("CLIPTextModel", TEXT),
        ("CLIPTextModelWithProjection", TEXT),
        ("CLIPTextModel", {**TEXT, "eos_token_id": 2, "num_attention_heads": 3}),
        ("CLIPVisionModel", {**VISION, "patch_size": 3}),
        ("CLIPVisionModelWithProjection", VISION),
        ("CLIPVisionModel", {**VISION, "hidden_act": "gelu", "num_channels": 1}),
    ),
    *cases(
        "convnext",
        ("ConvNextForImageClassification", CONVNEXT),
        ("ConvNextForImageClassification", {**CONVNEXT, "layer_scale_init_value": 0.0,
                                            "num_channels": 1, "hidden_act": "relu"}),
        ("ConvNextModel", {**CONVNEXT, "patch_size": 2, "layer_norm_eps": 0.01}),
        ("ConvNextV2ForImageClassification", CONVNEXT),
        ("ConvNextV2Model", {**CONVNEXT, "hidden_sizes": [4, 8, 12]}),
        ("ConvNextV2ForImageClassification", {**CONVNEXT, "num_stages": 2, "depths": [3, 1],
                                              "hidden_sizes": [5, 7], "hidden_act": "relu"}),
    ),
    *cases(
        "whisper",
        ("WhisperForConditionalGeneration", WHISPER),
        ("WhisperForConditionalGeneration", {**WHISPER, "scale_embedding": True,
                                             "tie_word_embeddings": False}),
        ("WhisperForConditionalGeneration", {**WHISPER, "activation_function": "relu",
                                             "decoder_layers": 3, "num_mel_bins": 4}),
        ("WhisperModel", {**WHISPER, "encoder_layers": 1}),
    ),
    *cases(
        "vit",
        ("ViTForImageClassification", {**VIT, "num_labels": 3}),
        ("ViTForImageClassification", {**VIT, "qkv_bias": False, "hidden_act": "gelu_new",
                                       "num_labels": 1, "num_channels": 1}),
        ("ViTModel", {**VIT, "hidden_size": 30, "num_attention_heads": 5, "layer_norm_eps": 0.1}),
    ),
    *cases(
        "resnet",
        ("ResNetForImageClassification", {**RESNET, "layer_type": "basic"}),
        ("ResNetForImageClassification", {**RESNET, "downsample_in_first_stage": True,
                                          "num_channels": 1}),
        ("ResNetForImageClassification", {**RESNET, "downsample_in_bottleneck": True,
                                          "hidden_act": "silu"}),
        ("ResNetModel", {**RESNET, "layer_type": "basic", "depths": [1, 3]}),
    ),
]  # fmt: skip
