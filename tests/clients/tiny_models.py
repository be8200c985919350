"""Tiny random models of transformers, saved as it saves them."""

from pathlib import Path

from clients.odd_models import spread

SMALL = {
    "vocab_size": 97,
    "hidden_size": 24,
    "intermediate_size": 40,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 64,
}
GROUPED = {**SMALL, "num_key_value_heads": 2}
BERT = {**SMALL, "type_vocab_size": 3, "pad_token_id": 0}
GPT2 = {"vocab_size": 97, "n_embd": 24, "n_layer": 2, "n_head": 4, "n_positions": 64}
ROTARY = {"rope_type": "default", "rope_theta": 5000.0}
STRETCHED = {
    "rope_type": "llama3", "rope_theta": 10000.0, "factor": 4.0, "low_freq_factor": 1.0,
    "high_freq_factor": 4.0, "original_max_position_embeddings": 32,
}  # fmt: skip

T5 = {"vocab_size": 97, "d_model": 24, "d_kv": 6, "d_ff": 40, "num_layers": 2, "num_heads": 4,
      "decoder_start_token_id": 0}  # fmt: skip
IMAGE = {"image_size": 12, "patch_size": 4, "num_labels": 3}
RESNET = {"embedding_size": 8, "hidden_sizes": [16, 24], "depths": [2, 1], "num_labels": 3}
EXPERTS = {**GROUPED, "num_local_experts": 4, "num_experts_per_tok": 2}

# Name of the case: class of transformers, changes to its config.
CASES = {
    "llama": ("LlamaForCausalLM", GROUPED),
    "llama-tied": ("LlamaForCausalLM", {**GROUPED, "tie_word_embeddings": True}),
    "llama-one-head": ("LlamaForCausalLM", {**GROUPED, "num_key_value_heads": 1}),
    "llama-odd": (
        "LlamaForCausalLM",
        {**GROUPED, "hidden_size": 30, "intermediate_size": 41, "num_attention_heads": 5,
         "num_key_value_heads": 5, "head_dim": 10, "vocab_size": 91},
    ),
    "llama-theta": ("LlamaForCausalLM", {**GROUPED, "rope_parameters": ROTARY}),
    "llama3-rope": ("LlamaForCausalLM", {**GROUPED, "rope_parameters": STRETCHED}),
    "llama-biased": ("LlamaForCausalLM", {**GROUPED, "attention_bias": True, "mlp_bias": True}),
    "llama-headless": ("LlamaModel", GROUPED),
    "mistral": ("MistralForCausalLM", GROUPED),
    "mistral-window": ("MistralForCausalLM", {**GROUPED, "sliding_window": 5}),
    "qwen2": ("Qwen2ForCausalLM", GROUPED),
    "qwen3": ("Qwen3ForCausalLM", {**GROUPED, "head_dim": 8}),
    "gpt2": ("GPT2LMHeadModel", GPT2),
    "gpt2-untied": ("GPT2LMHeadModel", {**GPT2, "tie_word_embeddings": False}),
    "bert": ("BertModel", BERT),
    "bert-pretraining": ("BertForPreTraining", BERT),
    "bert-masked": ("BertForMaskedLM", BERT),
    "bert-sequence": ("BertForSequenceClassification", {**BERT, "num_labels": 3}),
    "bert-tokens": ("BertForTokenClassification", {**BERT, "num_labels": 3}),
    "bert-answers": ("BertForQuestionAnswering", BERT),
    "gemma2": (
        "Gemma2ForCausalLM",
        {**GROUPED, "head_dim": 6, "query_pre_attn_scalar": 6, "sliding_window": 5},
    ),
    "phi3": ("Phi3ForCausalLM", {**GROUPED, "pad_token_id": 0}),
    "gpt-neox": ("GPTNeoXForCausalLM", {**SMALL, "hidden_size": 32, "rotary_pct": 0.5}),
    "mixtral": ("MixtralForCausalLM", EXPERTS),
    "t5": ("T5ForConditionalGeneration", T5),
    "t5-gated": (
        "T5ForConditionalGeneration",
        {**T5, "feed_forward_proj": "gated-gelu", "tie_word_embeddings": False},
    ),
    "vit": ("ViTForImageClassification", {**SMALL, **IMAGE}),
    "resnet-basic": ("ResNetForImageClassification", {**RESNET, "layer_type": "basic"}),
    "resnet-bottleneck": ("ResNetForImageClassification", {**RESNET, "layer_type": "bottleneck"}),
}  # fmt: skip


def saved(case: str, folder: Path):
    """A random model in evaluation mode, saved to a folder."""
    import torch
    import transformers

    name, changes = CASES[case]
    kind = getattr(transformers, name)
    torch.manual_seed(sum(map(ord, case)))
    config = kind.config_class(**changes)
    config._attn_implementation = "eager"
    model = spread(kind(config).eval())
    model.save_pretrained(folder)
    return model


def inputs_of(model, batch: int = 2, length: int = 13):
    """Random inputs for a model, by name."""
    import torch

    torch.manual_seed(7)
    if hasattr(model.config, "num_channels"):
        side = getattr(model.config, "image_size", 32)
        return {"pixel_values": torch.randn(batch, 3, side, side)}
    below = model.config.vocab_size
    inputs = {"input_ids": torch.randint(0, below, (batch, length))}
    if model.config.is_encoder_decoder:
        inputs["decoder_input_ids"] = torch.randint(0, below, (batch, 9))
    return inputs


def as_arguments(inputs, folder: Path):
    """The same as arguments of the command line, by way of files."""
    import numpy as np

    words = []
    for name, value in inputs.items():
        np.save(folder / f"{name}.npy", value.numpy())
        words += ["--input", f"{name}={folder}/{name}.npy"]
    return words
