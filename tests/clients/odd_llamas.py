"""Tiny models of Llama and its kin, GPT-2 and BERT: positions of each kind, every head."""

from clients.odd_models import cases
from clients.odd_words import GROUPED, MOE, ODD, OPT, PADLESS, SMALL

GPT2 = {"vocab_size": 91, "n_embd": 24, "n_layer": 2, "n_head": 4, "n_positions": 48}
BERT = {**SMALL, "type_vocab_size": 3, "pad_token_id": 0}
LABELS = {"num_labels": 3, "pad_token_id": 4}


def rope(kind, **more):
    """A kind of rotary positions, for a text that is longer than the first training's."""
    return {"rope_parameters": {"rope_type": kind, "rope_theta": 700.0, **more}}


STRETCHED = {"factor": 4.0, "original_max_position_embeddings": 8}
LLAMA3 = rope("llama3", low_freq_factor=1.0, high_freq_factor=4.0, **STRETCHED)
YARN = rope("yarn", **STRETCHED)
YARN_ODD = rope("yarn", **STRETCHED, beta_fast=20, beta_slow=2, truncate=False, mscale=0.7,
                mscale_all_dim=0.9)  # fmt: skip
LONG = {"long_factor": [1.5, 2.0, 3.0], "short_factor": [1.0, 1.1, 1.3]}
LONGROPE = rope("longrope", original_max_position_embeddings=8, **LONG)
SHORTROPE = rope("longrope", original_max_position_embeddings=32, factor=3.0, **LONG)

LLAMAS = [
    *cases(
        "llama",
        ("LlamaForCausalLM", {**GROUPED, "tie_word_embeddings": True}),
        ("LlamaForCausalLM", {**ODD, "head_dim": 10, "attention_bias": True, "mlp_bias": True}),
        ("LlamaForCausalLM", {**GROUPED, **rope("linear", factor=3.0)}),
        ("LlamaForCausalLM", {**GROUPED, **LLAMA3}),
        ("LlamaForCausalLM", {**GROUPED, **YARN}),
        ("LlamaForCausalLM", {**ODD, "head_dim": 16, **YARN_ODD}),
        ("LlamaForCausalLM", {**GROUPED, "max_position_embeddings": 8,
                              **rope("dynamic", factor=3.0)}),
        ("LlamaForCausalLM", {**GROUPED, "max_position_embeddings": 32, **LONGROPE}),
        ("LlamaForCausalLM", {**GROUPED, **SHORTROPE}),
        ("LlamaModel", ODD),
        ("LlamaForSequenceClassification", {**GROUPED, **LABELS}),
        ("LlamaForTokenClassification", {**GROUPED, **LABELS}),
        ("LlamaForQuestionAnswering", GROUPED),
    ),
    *cases(
        "mistral",
        ("MistralForCausalLM", {**GROUPED, "sliding_window": None}),
        ("MistralForCausalLM", {**ODD, "sliding_window": 4, "head_dim": 8}),
        ("MistralForCausalLM", {**GROUPED, "sliding_window": 6, "tie_word_embeddings": True}),
        ("MistralModel", {**ODD, "sliding_window": 3}),
        ("MistralForSequenceClassification", {**GROUPED, **LABELS}),
        ("MistralForQuestionAnswering", GROUPED),
    ),
    *cases(
        "qwen2",
        ("Qwen2ForCausalLM", GROUPED),
        ("Qwen2ForCausalLM", {**ODD, "use_sliding_window": True, "sliding_window": 4,
                              "max_window_layers": 1}),
        ("Qwen2ForCausalLM", {**ODD, "tie_word_embeddings": True, **YARN}),
        ("Qwen2Model", {**GROUPED, "hidden_act": "gelu"}),
        ("Qwen2ForSequenceClassification", {**GROUPED, **LABELS}),
        ("Qwen2ForTokenClassification", {**ODD, **LABELS}),
        ("Qwen2ForQuestionAnswering", GROUPED),
    ),
    *cases(
        "qwen3",
        ("Qwen3ForCausalLM", {**GROUPED, "head_dim": 10}),
        ("Qwen3ForCausalLM", {**ODD, "head_dim": 6, "use_sliding_window": True,
                              "sliding_window": 4, "max_window_layers": 1}),
        ("Qwen3ForCausalLM", {**ODD, "head_dim": 8, "tie_word_embeddings": True,
                              "attention_bias": True}),
        ("Qwen3Model", {**GROUPED, "head_dim": 4}),
        ("Qwen3ForSequenceClassification", {**GROUPED, **LABELS, "head_dim": 6}),
    ),
    *cases("mixtral", ("MixtralForSequenceClassification",
                       {**GROUPED, **LABELS, "num_local_experts": 3})),
    *cases("qwen2_moe", ("Qwen2MoeForTokenClassification", {**GROUPED, **MOE, **LABELS})),
    *cases("gemma2", ("Gemma2ForSequenceClassification", {**GROUPED, **LABELS, "head_dim": 6})),
    *cases("gemma", ("GemmaForTokenClassification", {**ODD, **LABELS, "head_dim": 6})),
    *cases(
        "phi3",
        ("Phi3ForSequenceClassification", {**GROUPED, **PADLESS, "num_labels": 3}),
        ("Phi3ForCausalLM", {**GROUPED, **PADLESS, "max_position_embeddings": 32,
                             "original_max_position_embeddings": 8, **LONGROPE}),
        ("Phi3ForCausalLM", {**GROUPED, **PADLESS, "max_position_embeddings": 64,
                             "original_max_position_embeddings": 32, **SHORTROPE}),
    ),
    *cases("phi", ("PhiForTokenClassification", {**GROUPED, **LABELS, "hidden_size": 32})),
    *cases(
        "gpt2",
        ("GPT2LMHeadModel", GPT2),
        ("GPT2LMHeadModel", {**GPT2, "tie_word_embeddings": False, "n_inner": 41,
                             "scale_attn_by_inverse_layer_idx": True}),
        ("GPT2LMHeadModel", {**GPT2, "n_head": 3, "scale_attn_weights": False,
                             "activation_function": "relu"}),
        ("GPT2Model", {**GPT2, "n_layer": 3, "layer_norm_epsilon": 0.1}),
        ("GPT2ForSequenceClassification", {**GPT2, **LABELS}),
        ("GPT2ForTokenClassification", {**GPT2, **LABELS}),
        ("GPT2ForQuestionAnswering", {**GPT2, "num_labels": 2}),
    ),
    *cases(
        "gpt_neox",
        ("GPTNeoXForSequenceClassification", {**SMALL, **LABELS, "hidden_size": 32,
                                             "rotary_pct": 0.5}),
        ("GPTNeoXForTokenClassification", {**SMALL, **LABELS, "rotary_pct": 1.0}),
        ("GPTNeoXForQuestionAnswering", {**SMALL, "rotary_pct": 1.0}),
    ),
    *cases(
        "opt",
        ("OPTForSequenceClassification", {**OPT, "num_labels": 3}),
        ("OPTForSequenceClassification", {**OPT, "word_embed_proj_dim": 14, "num_labels": 4}),
        ("OPTForQuestionAnswering", OPT),
    ),
    *cases(
        "bert",
        ("BertModel", {**BERT, "hidden_act": "gelu_new", "layer_norm_eps": 0.1}),
        ("BertForPreTraining", BERT),
        ("BertLMHeadModel", {**BERT, "is_decoder": True}),
        ("BertForMaskedLM", {**BERT, "num_attention_heads": 6, "tie_word_embeddings": False}),
        ("BertForNextSentencePrediction", BERT),
        ("BertForSequenceClassification", {**BERT, "num_labels": 3}),
        ("BertForTokenClassification", {**BERT, "num_labels": 5, "type_vocab_size": 1}),
        ("BertForQuestionAnswering", {**BERT, "num_labels": 2}),
    ),
]  # fmt: skip
