"""Tiny random models of many families with odd sizes, their options on and off."""

from typing import Any, NamedTuple

SMALL = {
    "vocab_size": 91, "hidden_size": 24, "intermediate_size": 37, "num_hidden_layers": 2,
    "num_attention_heads": 4, "max_position_embeddings": 48,
}  # fmt: skip
GROUPED = {**SMALL, "num_key_value_heads": 2}
ODD = {
    **SMALL, "hidden_size": 30, "num_attention_heads": 5, "num_key_value_heads": 1,
    "vocab_size": 83, "num_hidden_layers": 3,
}  # fmt: skip
PADLESS = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
T5 = {
    "vocab_size": 91, "d_model": 24, "d_kv": 5, "d_ff": 37, "num_layers": 2, "num_heads": 3,
    "decoder_start_token_id": 0,
}  # fmt: skip
MOE = {
    "num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 17,
    "shared_expert_intermediate_size": 29,
}  # fmt: skip
OPT = {
    "vocab_size": 91, "hidden_size": 24, "ffn_dim": 37, "num_hidden_layers": 2,
    "num_attention_heads": 4, "max_position_embeddings": 48, "word_embed_proj_dim": 24,
}  # fmt: skip
DISTIL = {
    "vocab_size": 91, "dim": 24, "hidden_dim": 37, "n_layers": 2, "n_heads": 4,
    "max_position_embeddings": 48, "num_labels": 3,
}  # fmt: skip
BART = {
    "vocab_size": 91, "d_model": 24, "encoder_layers": 2, "decoder_layers": 1,
    "encoder_attention_heads": 4, "decoder_attention_heads": 3, "encoder_ffn_dim": 37,
    "decoder_ffn_dim": 29, "max_position_embeddings": 48,
}  # fmt: skip
MAMBA = {"vocab_size": 91, "hidden_size": 24, "state_size": 5, "num_hidden_layers": 2}
TEXT = {**SMALL, "max_position_embeddings": 20, "eos_token_id": 7, "projection_dim": 14}
VISION = {
    "hidden_size": 20, "intermediate_size": 37, "num_hidden_layers": 3, "num_attention_heads": 5,
    "image_size": 12, "patch_size": 4, "projection_dim": 14,
}  # fmt: skip
CONVNEXT = {"num_stages": 3, "hidden_sizes": [6, 6, 10], "depths": [1, 2, 1], "num_labels": 3}
WHISPER = {
    **BART, "num_mel_bins": 11, "max_source_positions": 9, "max_target_positions": 20,
    "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1,
    "begin_suppress_tokens": None,
}  # fmt: skip
del WHISPER["max_position_embeddings"]
VIT = {**SMALL, "image_size": 12, "patch_size": 4}
RESNET = {"embedding_size": 8, "hidden_sizes": [12, 20], "depths": [2, 1], "num_labels": 3}


class Case(NamedTuple):
    """A model of transformers: its class, changes to the config, inputs beyond the usual."""

    family: str
    kind: str
    changes: dict[str, Any]


def _cases(family: str, *cases: tuple[str, dict[str, Any]]) -> list[Case]:
    return [Case(family, kind, changes) for kind, changes in cases]


CASES = [
    *_cases(
        "phi3",
        ("Phi3ForCausalLM", {**GROUPED, **PADLESS}),
        ("Phi3ForCausalLM", {**ODD, **PADLESS, "sliding_window": 4, "tie_word_embeddings": True}),
        ("Phi3ForCausalLM", {**GROUPED, **PADLESS, "hidden_size": 32, "rope_parameters": {
            "rope_type": "default", "rope_theta": 500.0, "partial_rotary_factor": 0.5}}),
        ("Phi3Model", {**ODD, **PADLESS}),
    ),
    *_cases(
        "gemma2",
        ("Gemma2ForCausalLM", {**GROUPED, "head_dim": 6, "query_pre_attn_scalar": 7}),
        ("Gemma2ForCausalLM", {**ODD, "head_dim": 8, "sliding_window": 3,
                               "attn_logit_softcapping": 2.0, "final_logit_softcapping": 0.7}),
        ("Gemma2ForCausalLM", {**ODD, "head_dim": 4, "sliding_window": 3,
                               "attn_logit_softcapping": None, "final_logit_softcapping": None,
                               "tie_word_embeddings": False}),
        ("Gemma2ForCausalLM", {**GROUPED, "head_dim": 10, "sliding_window": 3,
                               "layer_types": ["full_attention", "sliding_attention"],
                               "attention_bias": True, "hidden_activation": "gelu"}),
        ("Gemma2Model", {**ODD, "head_dim": 6, "sliding_window": 4}),
    ),
    *_cases(
        "mixtral",
        ("MixtralForCausalLM", {**GROUPED, "num_local_experts": 4}),
        ("MixtralForCausalLM", {**ODD, "num_local_experts": 5, "num_experts_per_tok": 3,
                                "sliding_window": 4, "head_dim": 8}),
        ("MixtralForCausalLM", {**ODD, "num_local_experts": 3, "num_experts_per_tok": 1,
                                "tie_word_embeddings": True}),
        ("MixtralModel", {**GROUPED, "num_local_experts": 2, "num_experts_per_tok": 2}),
    ),
    *_cases(
        "gpt_neox",
        ("GPTNeoXForCausalLM", {**SMALL, "hidden_size": 32, "num_attention_heads": 2}),
        ("GPTNeoXForCausalLM", {**SMALL, "hidden_size": 32, "rotary_pct": 0.5,
                                "use_parallel_residual": False, "hidden_act": "gelu_new"}),
        ("GPTNeoXForCausalLM", {**SMALL, "rotary_pct": 1.0, "attention_bias": False,
                                "tie_word_embeddings": True}),
        ("GPTNeoXModel", {**SMALL, "hidden_size": 40, "rotary_pct": 0.4}),
    ),
    *_cases(
        "qwen2_moe",
        ("Qwen2MoeForCausalLM", {**GROUPED, **MOE}),
        ("Qwen2MoeForCausalLM", {**ODD, **MOE, "norm_topk_prob": True, "decoder_sparse_step": 2,
                                 "tie_word_embeddings": True, "qkv_bias": False}),
        ("Qwen2MoeForCausalLM", {**ODD, **MOE, "mlp_only_layers": [1], "use_sliding_window": True,
                                 "sliding_window": 4, "max_window_layers": 2}),
        ("Qwen2MoeModel", {**GROUPED, **MOE, "num_experts_per_tok": 4}),
    ),
    *_cases(
        "opt",
        ("OPTForCausalLM", OPT),
        ("OPTForCausalLM", {**OPT, "word_embed_proj_dim": 14, "do_layer_norm_before": False}),
        ("OPTForCausalLM", {**OPT, "enable_bias": False, "layer_norm_elementwise_affine": False,
                            "tie_word_embeddings": False, "activation_function": "gelu"}),
        ("OPTForCausalLM", {**OPT, "_remove_final_layer_norm": True, "num_attention_heads": 6}),
        ("OPTModel", {**OPT, "hidden_size": 30, "num_attention_heads": 5}),
    ),
    *_cases(
        "roberta",
        ("RobertaForMaskedLM", SMALL),
        ("RobertaModel", {**SMALL, "hidden_act": "gelu_new", "pad_token_id": 4}),
        ("RobertaForSequenceClassification", {**SMALL, "num_labels": 3, "layer_norm_eps": 1e-5}),
        ("RobertaForTokenClassification", {**SMALL, "num_labels": 5, "type_vocab_size": 1}),
        ("RobertaForQuestionAnswering", SMALL),
        ("XLMRobertaForMaskedLM", {**SMALL, "tie_word_embeddings": False}),
        ("CamembertForSequenceClassification", SMALL),
    ),
    *_cases(
        "distilbert",
        ("DistilBertForMaskedLM", DISTIL),
        ("DistilBertForMaskedLM", {**DISTIL, "tie_word_embeddings": False, "activation": "relu"}),
        ("DistilBertModel", {**DISTIL, "sinusoidal_pos_embds": True, "n_heads": 6}),
        ("DistilBertForSequenceClassification", DISTIL),
        ("DistilBertForTokenClassification", DISTIL),
        ("DistilBertForQuestionAnswering", {**DISTIL, "num_labels": 2}),
    ),
    *_cases(
        "bart",
        ("BartForConditionalGeneration", BART),
        ("BartForConditionalGeneration", {**BART, "scale_embedding": True, "decoder_layers": 3,
                                          "activation_function": "relu"}),
        ("BartForConditionalGeneration", {**BART, "tie_word_embeddings": False}),
        ("BartModel", {**BART, "encoder_layers": 1, "d_model": 36}),
        ("BartForSequenceClassification", {**BART, "num_labels": 4}),
        ("BartForQuestionAnswering", {**BART, "num_labels": 2}),
    ),
    *_cases(
        "t5",
        ("T5ForConditionalGeneration", T5),
        ("T5ForConditionalGeneration", {**T5, "num_decoder_layers": 3, "d_kv": 8,
                                        "relative_attention_num_buckets": 6,
                                        "relative_attention_max_distance": 9}),
        ("T5ForConditionalGeneration", {**T5, "feed_forward_proj": "gated-gelu",
                                        "tie_word_embeddings": False, "num_heads": 4}),
        ("T5ForConditionalGeneration", {**T5, "feed_forward_proj": "gated-silu",
                                        "relative_attention_num_buckets": 10}),
        ("T5Model", {**T5, "feed_forward_proj": "gelu"}),
        ("T5EncoderModel", {**T5, "feed_forward_proj": "gated-gelu"}),
    ),
    *_cases(
        "mamba",
        ("MambaForCausalLM", MAMBA),
        ("MambaForCausalLM", {**MAMBA, "expand": 3, "conv_kernel": 3, "time_step_rank": 5,
                              "use_bias": True, "use_conv_bias": False}),
        ("MambaForCausalLM", {**MAMBA, "tie_word_embeddings": False, "hidden_act": "gelu",
                              "residual_in_fp32": False}),
        ("MambaModel", {**MAMBA, "hidden_size": 30}),
    ),
    *_cases(
        "clip",
        ("CLIPModel", {"text_config": TEXT, "vision_config": VISION, "projection_dim": 12}),
        ("CLIPModel", {"text_config": {**TEXT, "eos_token_id": 2, "hidden_act": "gelu"},
                       "vision_config": {**VISION, "num_channels": 1}, "projection_dim": 30}),
        ("CLIPModel", {"text_config": {**TEXT, "num_hidden_layers": 1},
                       "vision_config": {**VISION, "layer_norm_eps": 0.1, "patch_size": 6}}),
        ("CLIPTextModel", TEXT),
        ("CLIPTextModelWithProjection", TEXT),
        ("CLIPVisionModel", {**VISION, "patch_size": 3}),
        ("CLIPVisionModelWithProjection", VISION),
    ),
    *_cases(
        "convnext",
        ("ConvNextForImageClassification", CONVNEXT),
        ("ConvNextForImageClassification", {**CONVNEXT, "layer_scale_init_value": 0.0,
                                            "num_channels": 1, "hidden_act": "relu"}),
        ("ConvNextModel", {**CONVNEXT, "patch_size": 2, "layer_norm_eps": 0.01}),
        ("ConvNextV2ForImageClassification", CONVNEXT),
        ("ConvNextV2Model", {**CONVNEXT, "hidden_sizes": [4, 8, 12]}),
    ),
    *_cases(
        "whisper",
        ("WhisperForConditionalGeneration", WHISPER),
        ("WhisperForConditionalGeneration", {**WHISPER, "scale_embedding": True,
                                             "tie_word_embeddings": False}),
        ("WhisperForConditionalGeneration", {**WHISPER, "activation_function": "relu",
                                             "decoder_layers": 3, "num_mel_bins": 4}),
        ("WhisperModel", {**WHISPER, "encoder_layers": 1}),
    ),
    *_cases(
        "vit",
        ("ViTForImageClassification", {**VIT, "num_labels": 3}),
        ("ViTForImageClassification", {**VIT, "qkv_bias": False, "hidden_act": "gelu_new",
                                       "num_labels": 1, "num_channels": 1}),
        ("ViTModel", {**VIT, "hidden_size": 30, "num_attention_heads": 5, "layer_norm_eps": 0.1}),
    ),
    *_cases(
        "resnet",
        ("ResNetForImageClassification", {**RESNET, "layer_type": "basic"}),
        ("ResNetForImageClassification", {**RESNET, "downsample_in_first_stage": True,
                                          "num_channels": 1}),
        ("ResNetForImageClassification", {**RESNET, "downsample_in_bottleneck": True,
                                          "hidden_act": "silu"}),
        ("ResNetModel", {**RESNET, "layer_type": "basic", "depths": [1, 3]}),
    ),
]  # fmt: skip


def named(case: Case, number: int) -> str:
    """A name for a case in the list of tests."""
    return f"{case.family}-{number}-{case.kind}"


def saved(case: Case, folder: Any) -> Any:
    """A random model in evaluation mode, saved by transformers to a folder.

    Values are spread so that norms, biases and logits differ from their resting values.
    """
    import torch
    import transformers

    kind = getattr(transformers, case.kind)
    torch.manual_seed(sum(map(ord, repr(case))))
    config = kind.config_class(**case.changes)
    config._attn_implementation = config._experts_implementation = "eager"
    model = kind(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
        for name, buffer in model.named_buffers():
            if "running" in name:
                buffer.add_(torch.rand_like(buffer))
            if name == "final_logits_bias":
                buffer.add_(torch.randn_like(buffer))
    model.save_pretrained(folder)
    return model


def inputs_of(case: Case, config: Any) -> dict[str, Any]:
    """Random inputs for a model, by name."""
    import torch

    torch.manual_seed(5)
    draw = {"pixel_values": _pixels, "input_features": _sound, "input_ids": _words}
    inputs = {name: make(config) for name, make in draw.items() if name in _names(case)}
    if case.kind == "BartForSequenceClassification":
        inputs["input_ids"][:, [2, -3]] = config.eos_token_id
    elif "decoder_input_ids" in _names(case):
        inputs["decoder_input_ids"] = torch.randint(3, config.vocab_size, (2, 7))
    return inputs


def _names(case: Case) -> set[str]:
    import inspect

    import transformers

    return set(inspect.signature(getattr(transformers, case.kind).forward).parameters)


def _pixels(config: Any) -> Any:
    import torch

    vision = getattr(config, "vision_config", config)
    side = getattr(vision, "image_size", None) or 35
    height, width = side if isinstance(side, list | tuple) else (side, side)
    return torch.randn(2, vision.num_channels, height, width)


def _sound(config: Any) -> Any:
    import torch

    return torch.randn(2, config.num_mel_bins, 2 * config.max_source_positions)


def _words(config: Any) -> Any:
    import torch

    text = getattr(config, "text_config", config)
    return torch.randint(3, text.vocab_size, (2, 11))
