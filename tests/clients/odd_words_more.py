"""More tiny language models with odd sizes, their options on and off."""

from clients.odd_llamas import LABELS, YARN
from clients.odd_models import cases
from clients.odd_words import GROUPED, ODD, PADLESS

LAYERS = ["sliding_attention", "full_attention", "sliding_attention"]


def partial(share, theta=600.0):
    """Positions that turn a share of each head."""
    return {"rope_parameters": {"rope_type": "default", "rope_theta": theta,
                                "partial_rotary_factor": share}}  # fmt: skip


MORE_WORDS = [
    *cases(
        "granite",
        ("GraniteForCausalLM", {**GROUPED, "embedding_multiplier": 3.0, "logits_scaling": 0.7,
                                "residual_multiplier": 0.4, "attention_multiplier": 0.3}),
        ("GraniteForCausalLM", {**ODD, "attention_bias": True, "tie_word_embeddings": True, **YARN,
                                "attention_multiplier": 0.2}),
        ("GraniteModel", {**ODD, "mlp_bias": True, "residual_multiplier": 2.0}),
    ),
    *cases(
        "smollm3",
        ("SmolLM3ForCausalLM", {**GROUPED, **PADLESS, "num_hidden_layers": 5}),
        ("SmolLM3ForCausalLM", {**ODD, **PADLESS, "no_rope_layers": [0, 1, 0],
                                "use_sliding_window": True, "sliding_window": 4,
                                "layer_types": LAYERS, "tie_word_embeddings": False}),
        ("SmolLM3Model", {**ODD, **PADLESS, "no_rope_layer_interval": 2, "attention_bias": True}),
        ("SmolLM3ForSequenceClassification", {**GROUPED, **PADLESS, **LABELS}),
    ),
    *cases(
        "glm",
        ("GlmForCausalLM", {**GROUPED, **PADLESS, "head_dim": 8}),
        ("GlmForCausalLM", {**ODD, **PADLESS, "head_dim": 12, "attention_bias": False,
                            "tie_word_embeddings": True}),
        ("GlmModel", {**ODD, **PADLESS, "head_dim": 8, **partial(1.0)}),
        ("GlmForTokenClassification", {**GROUPED, **PADLESS, **LABELS, "head_dim": 4}),
    ),
    *cases(
        "glm4",
        ("Glm4ForCausalLM", {**GROUPED, **PADLESS, "head_dim": 8}),
        ("Glm4ForCausalLM", {**ODD, **PADLESS, "head_dim": 4, "attention_bias": False}),
        ("Glm4Model", {**ODD, **PADLESS, "head_dim": 8, **partial(0.25)}),
    ),
    *cases(
        "cohere",
        ("CohereForCausalLM", GROUPED),
        ("CohereForCausalLM", {**ODD, "use_qk_norm": True, "logit_scale": 2.0,
                               "tie_word_embeddings": False}),
        ("CohereModel", {**GROUPED, "attention_bias": True, "layer_norm_eps": 0.1}),
    ),
    *cases(
        "cohere2",
        ("Cohere2ForCausalLM", {**GROUPED, "num_hidden_layers": 5, "sliding_window": 4,
                                "head_dim": 6}),
        ("Cohere2ForCausalLM", {**ODD, "sliding_window": 3, "layer_types": LAYERS, "head_dim": 8,
                                "tie_word_embeddings": False}),
        ("Cohere2Model", {**GROUPED, "attention_bias": True, "head_dim": 4, "logit_scale": 1.0}),
    ),
    *cases(
        "stablelm",
        ("StableLmForCausalLM", {**GROUPED, "hidden_size": 32}),
        ("StableLmForCausalLM", {**ODD, "qk_layernorm": True, "use_qkv_bias": True,
                                 **partial(1.0)}),
        ("StableLmForCausalLM", {**GROUPED, "use_parallel_residual": True, **partial(1 / 3),
                                 "tie_word_embeddings": True}),
        ("StableLmModel", {**GROUPED, "hidden_size": 32, "hidden_act": "gelu"}),
    ),
    *cases(
        "olmo",
        ("OlmoForCausalLM", GROUPED),
        ("OlmoForCausalLM", {**ODD, "tie_word_embeddings": True, "attention_bias": True}),
        ("OlmoModel", {**ODD, "num_key_value_heads": 5}),
    ),
    *cases(
        "gemma3_text",
        ("Gemma3ForCausalLM", {**GROUPED, "num_hidden_layers": 7, "head_dim": 8,
                               "sliding_window": 4, "query_pre_attn_scalar": 7}),
        ("Gemma3ForCausalLM", {**ODD, "head_dim": 6, "sliding_window": 3, "layer_types": LAYERS,
                               "final_logit_softcapping": 0.9}),
        ("Gemma3ForCausalLM", {**ODD, "head_dim": 8, "tie_word_embeddings": False,
                               "rope_parameters": {
                                   "sliding_attention": {"rope_type": "default",
                                                         "rope_theta": 300.0},
                                   "full_attention": {"rope_type": "linear", "rope_theta": 900.0,
                                                      "factor": 4.0}},
                               "layer_types": LAYERS}),
        ("Gemma3TextModel", {**GROUPED, "head_dim": 10, "attention_bias": True}),
    ),
]  # fmt: skip
