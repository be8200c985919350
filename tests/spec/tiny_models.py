"""Tiny random models of transformers, and the same architecture from the built-in families."""

import functools
import json
import tempfile

import numpy as np

from paramctl.spec.build import build
from paramctl.spec.load import find_family, load_spec

SMALL = {
    "vocab_size": 99, "hidden_size": 32, "intermediate_size": 56, "num_hidden_layers": 3,
    "num_attention_heads": 4, "max_position_embeddings": 40,
}  # fmt: skip
GROUPED = SMALL | {"num_key_value_heads": 2, "pad_token_id": None}
LLAMA3 = {
    "rope_type": "llama3", "rope_theta": 5000.0, "factor": 4.0, "low_freq_factor": 1.0,
    "high_freq_factor": 4.0, "original_max_position_embeddings": 16,
}  # fmt: skip
LINEAR = {"rope_type": "linear", "rope_theta": 10000.0, "factor": 2.0}
GPT2 = {
    "vocab_size": 99, "n_embd": 32, "n_layer": 3, "n_head": 4, "n_positions": 40,
    "bos_token_id": 0, "eos_token_id": 0,
}  # fmt: skip
T5 = {
    "vocab_size": 99, "d_model": 32, "d_kv": 8, "d_ff": 48, "num_layers": 2, "num_heads": 4,
    "num_decoder_layers": 3, "relative_attention_max_distance": 20,
    "relative_attention_num_buckets": 8,
}  # fmt: skip
VIT = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48,
    "image_size": 32, "patch_size": 8,
}  # fmt: skip
RESNET = {
    "embedding_size": 8, "hidden_sizes": [8, 16, 24], "depths": [1, 2, 1], "layer_type": "basic",
}  # fmt: skip

MODELS = {
    "llama": ("LlamaForCausalLM", GROUPED),
    "llama-tied": ("LlamaForCausalLM", GROUPED | {"tie_word_embeddings": True}),
    "llama-biases": ("LlamaForCausalLM", GROUPED | {"attention_bias": True, "mlp_bias": True}),
    "llama-head-dim": ("LlamaForCausalLM", GROUPED | {"head_dim": 12}),
    "llama3-rope": ("LlamaForCausalLM", GROUPED | {"rope_parameters": LLAMA3}),
    "llama-linear-rope": ("LlamaForCausalLM", GROUPED | {"rope_parameters": LINEAR}),
    "llama-headless": ("LlamaModel", GROUPED),
    "mistral": ("MistralForCausalLM", GROUPED | {"sliding_window": None}),
    "mistral-window": ("MistralForCausalLM", GROUPED | {"sliding_window": 5}),
    "qwen2": ("Qwen2ForCausalLM", GROUPED),
    "qwen2-window": (
        "Qwen2ForCausalLM",
        GROUPED | {"use_sliding_window": True, "sliding_window": 5, "max_window_layers": 1},
    ),
    "qwen3": ("Qwen3ForCausalLM", GROUPED | {"head_dim": 16, "tie_word_embeddings": True}),
    "gpt2": ("GPT2LMHeadModel", GPT2),
    "gpt2-headless": ("GPT2Model", GPT2 | {"n_inner": 48, "activation_function": "relu"}),
    "gpt2-scaled": ("GPT2LMHeadModel", GPT2 | {"scale_attn_by_inverse_layer_idx": True}),
    "mixtral": ("MixtralForCausalLM", GROUPED | {"num_local_experts": 4}),
    "phi3": ("Phi3ForCausalLM", GROUPED),
    "phi3-partial": (
        "Phi3ForCausalLM",
        GROUPED
        | {
            "rope_parameters": {
                "rope_type": "default",
                "rope_theta": 1e4,
                "partial_rotary_factor": 0.5,
            }
        },
    ),
    "gemma2": (
        "Gemma2ForCausalLM",
        GROUPED | {"head_dim": 8, "sliding_window": 5, "query_pre_attn_scalar": 12},
    ),
    "gpt_neox": ("GPTNeoXForCausalLM", SMALL),
    "gpt_neox-serial": ("GPTNeoXForCausalLM", SMALL | {"use_parallel_residual": False}),
    "t5": ("T5ForConditionalGeneration", T5),
    "t5-gated": ("T5ForConditionalGeneration", T5 | {"feed_forward_proj": "gated-gelu"}),
    "t5-untied": ("T5ForConditionalGeneration", T5 | {"tie_word_embeddings": False}),
    "vit": ("ViTModel", VIT),
    "vit-classes": ("ViTForImageClassification", VIT | {"num_labels": 5}),
    "resnet": ("ResNetModel", RESNET),
    "resnet-classes": ("ResNetForImageClassification", RESNET | {"num_labels": 5}),
    "resnet-bottleneck": (
        "ResNetForImageClassification",
        RESNET | {"layer_type": "bottleneck", "downsample_in_first_stage": True},
    ),
    "bert": ("BertModel", SMALL),
    "bert-pretraining": ("BertForPreTraining", SMALL),
    "bert-masked": ("BertForMaskedLM", SMALL | {"hidden_act": "gelu_new"}),
    "bert-sentences": ("BertForSequenceClassification", SMALL | {"num_labels": 5}),
    "bert-tokens": ("BertForTokenClassification", SMALL | {"num_labels": 7}),
    "bert-answers": ("BertForQuestionAnswering", SMALL),
}


@functools.cache
def made(name):
    """The model of transformers in evaluation, its values anything but their defaults."""
    import torch
    import transformers

    kind, options = MODELS[name]
    cls = getattr(transformers, kind)
    torch.manual_seed(0)
    config = cls.config_class(**options, attn_implementation="eager")
    model = cls(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return model


def config_of(model):
    """What its config.json would say."""
    config = json.loads(model.config.to_json_string(use_diff=False))
    return config | {"architectures": [type(model).__name__]}


def saved(model):
    """The tensors of its file, under the names they have there."""
    from safetensors.numpy import load_file

    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        return load_file(f"{folder}/model.safetensors")


def counterpart(model):
    """Spec and module of our family for it, with its values, and the tensors of its file."""
    config = config_of(model)
    stored = saved(model)
    family = find_family(config)
    spec = load_spec(family, config)
    for prefix in spec.prefixes:
        if not any(name.startswith(prefix) for name in stored):
            stored = {prefix + name: array for name, array in stored.items()}
    text = "\n" + "\n".join(stored)
    module = build(spec, lambda beginning: "\n" + beginning in text)
    for name, parameter in module.named_parameters():
        if name in stored:
            parameter.value = np.asarray(stored[name])
            parameter.settle(stored[name].shape, "the checkpoint")
    return spec, module, stored
