"""Tiny language models with odd sizes, their options on and off."""

from clients.odd_models import cases

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

WORDS = [
    *cases(
        "phi3",
        ("Phi3ForCausalLM", {**GROUPED, **PADLESS}),
        ("Phi3ForCausalLM", {**ODD, **PADLESS, "sliding_window": 4, "tie_word_embeddings": True}),
        ("Phi3ForCausalLM", {**GROUPED, **PADLESS, "hidden_size": 32, "rope_parameters": {
            "rope_type": "default", "rope_theta": 500.0, "partial_rotary_factor": 0.5}}),
        ("Phi3Model", {**ODD, **PADLESS}),
    ),
    *cases(
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
    *cases(
        "mixtral",
        ("MixtralForCausalLM", {**GROUPED, "num_local_experts": 4}),
        ("MixtralForCausalLM", {**ODD, "num_local_experts": 5, "num_experts_per_tok": 3,
                                "sliding_window": 4, "head_dim": 8}),
        ("MixtralForCausalLM", {**ODD, "num_local_experts": 3, "num_experts_per_tok": 1,
                                "tie_word_embeddings": True}),
        ("MixtralModel", {**GROUPED, "num_local_experts": 2, "num_experts_per_tok": 2}),
    ),
    *cases(
        "gpt_neox",
        ("GPTNeoXForCausalLM", {**SMALL, "hidden_size": 32, "num_attention_heads": 2}),
        ("GPTNeoXForCausalLM", {**SMALL, "hidden_size": 32, "rotary_pct": 0.5,
                                "use_parallel_residual": False, "hidden_act": "gelu_new"}),
        ("GPTNeoXForCausalLM", {**SMALL, "rotary_pct": 1.0, "attention_bias": False,
                                "tie_word_embeddings": True}),
        ("GPTNeoXModel", {**SMALL, "hidden_size": 40, "rotary_pct": 0.4}),
    ),
    *cases(
        "qwen2_moe",
        ("Qwen2MoeForCausalLM", {**GROUPED, **MOE}),
        ("Qwen2MoeForCausalLM", {**ODD, **MOE, "norm_topk_prob": True, "decoder_sparse_step": 2,
                                 "tie_word_embeddings": True, "qkv_bias": False}),
        ("Qwen2MoeForCausalLM", {**ODD, **MOE, "mlp_only_layers": [1], "use_sliding_window": True,
                                 "sliding_window": 4, "max_window_layers": 2}),
        ("Qwen2MoeModel", {**GROUPED, **MOE, "num_experts_per_tok": 4}),
    ),
    *cases(
        "gemma",
        ("GemmaForCausalLM", {**GROUPED, "head_dim": 10}),
        ("GemmaForCausalLM", {**ODD, "head_dim": 8, "hidden_act": "gelu"}),
        ("GemmaForCausalLM", {**ODD, "head_dim": 6, "tie_word_embeddings": False,
                              "attention_bias": True}),
    ),
    *cases(
        "qwen3_moe",
        ("Qwen3MoeForCausalLM", {**GROUPED, **MOE}),
        ("Qwen3MoeForCausalLM", {**ODD, **MOE, "norm_topk_prob": True, "decoder_sparse_step": 2,
                                 "attention_bias": True, "head_dim": 8}),
        ("Qwen3MoeForCausalLM", {**ODD, **MOE, "mlp_only_layers": [1], "use_sliding_window": True,
                                 "sliding_window": 4}),
    ),
    *cases(
        "olmo2",
        ("Olmo2ForCausalLM", {**GROUPED, **PADLESS}),
        ("Olmo2ForCausalLM", {**ODD, **PADLESS, "attention_bias": True}),
        ("Olmo2Model", {**ODD, **PADLESS, "num_key_value_heads": 5}),
    ),
    *cases(
        "starcoder2",
        ("Starcoder2ForCausalLM", {**GROUPED, **PADLESS}),
        ("Starcoder2ForCausalLM", {**ODD, **PADLESS, "use_bias": False, "sliding_window": 4}),
        ("Starcoder2Model", {**ODD, **PADLESS, "norm_epsilon": 0.1}),
    ),
    *cases(
        "phi",
        ("PhiForCausalLM", {**GROUPED, "hidden_size": 32}),
        ("PhiForCausalLM", {**ODD, "qk_layernorm": True, "rope_parameters": {
            "rope_type": "default", "rope_theta": 300.0, "partial_rotary_factor": 0.7}}),
        ("PhiModel", {**SMALL, "hidden_size": 16, "hidden_act": "relu"}),
    ),
    *cases(
        "opt",
        ("OPTForCausalLM", OPT),
        ("OPTForCausalLM", {**OPT, "word_embed_proj_dim": 14, "do_layer_norm_before": False}),
        ("OPTForCausalLM", {**OPT, "enable_bias": False, "layer_norm_elementwise_affine": False,
                            "tie_word_embeddings": False, "activation_function": "gelu"}),
        ("OPTForCausalLM", {**OPT, "_remove_final_layer_norm": True, "num_attention_heads": 6}),
        ("OPTModel", {**OPT, "hidden_size": 30, "num_attention_heads": 5}),
    ),
    *cases(
        "roberta",
        ("RobertaForMaskedLM", SMALL),
        ("RobertaModel", {**SMALL, "hidden_act": "gelu_new", "pad_token_id": 4}),
        ("RobertaForSequenceClassification", {**SMALL, "num_labels": 3, "layer_norm_eps": 1e-5}),
        ("RobertaForTokenClassification", {**SMALL, "num_labels": 5, "type_vocab_size": 1}),
        ("RobertaForQuestionAnswering", SMALL),
        ("RobertaForCausalLM", {**SMALL, "is_decoder": True}),
        ("XLMRobertaForMaskedLM", {**SMALL, "tie_word_embeddings": False}),
        ("CamembertForSequenceClassification", SMALL),
    ),
    *cases(
        "distilbert",
        ("DistilBertForMaskedLM", DISTIL),
        ("DistilBertForMaskedLM", {**DISTIL, "tie_word_embeddings": False, "activation": "relu"}),
        ("DistilBertModel", {**DISTIL, "sinusoidal_pos_embds": True, "n_heads": 6}),
        ("DistilBertForSequenceClassification", DISTIL),
        ("DistilBertForTokenClassification", DISTIL),
        ("DistilBertForQuestionAnswering", {**DISTIL, "num_labels": 2}),
    ),
    *cases(
        "bart",
        ("BartForConditionalGeneration", BART),
        ("BartForConditionalGeneration", {**BART, "scale_embedding": True, "decoder_layers": 3,
                                          "activation_function": "relu"}),
        ("BartForConditionalGeneration", {**BART, "tie_word_embeddings": False}),
        ("BartModel", {**BART, "encoder_layers": 1, "d_model": 36}),
        ("BartForSequenceClassification", {**BART, "num_labels": 4}),
        ("BartForQuestionAnswering", {**BART, "num_labels": 2}),
    ),
    *cases(
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
        ("T5EncoderModel", {**T5, "relative_attention_num_buckets": 6}),
        ("T5EncoderModel", {**T5, "num_heads": 4, "d_kv": 8, "num_layers": 3}),
    ),
    *cases(
        "mamba",
        ("MambaForCausalLM", MAMBA),
        ("MambaForCausalLM", {**MAMBA, "expand": 3, "conv_kernel": 3, "time_step_rank": 5,
                              "use_bias": True, "use_conv_bias": False}),
        ("MambaForCausalLM", {**MAMBA, "tie_word_embeddings": False, "hidden_act": "gelu",
                              "residual_in_fp32": False}),
        ("MambaModel", {**MAMBA, "hidden_size": 30}),
    ),
]  # fmt: skip
