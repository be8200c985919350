"""Tiny models that are kin to GPT-2, BERT and ViT."""

from clients.odd_llamas import BERT, GPT2, LABELS, rope
from clients.odd_models import cases
from clients.odd_words import SMALL

FALCON = {"vocab_size": 91, "hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 4}
BLOOM = {"vocab_size": 91, "hidden_size": 24, "n_layer": 2, "n_head": 4}
VIT = {
    "hidden_size": 24, "intermediate_size": 37, "num_hidden_layers": 2, "num_attention_heads": 4,
    "image_size": 12, "patch_size": 4,
}  # fmt: skip
DINO = {"hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 4, "image_size": 12,
        "patch_size": 4}  # fmt: skip
MPNET = {**SMALL, "max_position_embeddings": 40}
MODERN = {**SMALL, "local_attention": 6, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2,
          "cls_token_id": 1, "sep_token_id": 2}  # fmt: skip
ALBERT = {**BERT, "embedding_size": 14, "num_hidden_layers": 4}

KIN = [
    *cases(
        "falcon",
        ("FalconForCausalLM", FALCON),
        ("FalconForCausalLM", {**FALCON, "new_decoder_architecture": True, "num_kv_heads": 2,
                               "bias": True, **rope("dynamic", factor=2.0),
                               "max_position_embeddings": 7}),
        ("FalconForCausalLM", {**FALCON, "new_decoder_architecture": True, "num_kv_heads": 4,
                               "num_ln_in_parallel_attn": 1, "tie_word_embeddings": False}),
        ("FalconForCausalLM", {**FALCON, "multi_query": False, "parallel_attn": False,
                               "ffn_hidden_size": 37}),
        ("FalconModel", {**FALCON, "parallel_attn": False, "hidden_size": 40}),
        ("FalconForSequenceClassification", {**FALCON, **LABELS}),
    ),
    *cases(
        "gptj",
        ("GPTJForCausalLM", {**GPT2, "rotary_dim": 4}),
        ("GPTJForCausalLM", {**GPT2, "n_head": 2, "rotary_dim": 6, "n_inner": 37,
                             "activation_function": "relu", "tie_word_embeddings": True}),
        ("GPTJModel", {**GPT2, "rotary_dim": 6, "layer_norm_epsilon": 0.1}),
    ),
    *cases(
        "gpt_bigcode",
        ("GPTBigCodeForCausalLM", GPT2),
        ("GPTBigCodeForCausalLM", {**GPT2, "multi_query": False, "n_inner": 37,
                                   "scale_attn_weights": False}),
        ("GPTBigCodeModel", {**GPT2, "n_head": 3, "activation_function": "gelu"}),
        ("GPTBigCodeForTokenClassification", {**GPT2, **LABELS}),
    ),
    *cases(
        "bloom",
        ("BloomForCausalLM", BLOOM),
        ("BloomForCausalLM", {**BLOOM, "n_head": 6,
                              "apply_residual_connection_post_layernorm": True}),
        ("BloomModel", {**BLOOM, "n_head": 3, "layer_norm_epsilon": 0.1}),
        ("BloomForQuestionAnswering", BLOOM),
    ),
    *cases(
        "electra",
        ("ElectraForPreTraining", {**BERT, "embedding_size": 14}),
        ("ElectraForMaskedLM", {**BERT, "embedding_size": 24, "hidden_act": "relu"}),
        ("ElectraForMaskedLM", {**BERT, "embedding_size": 9, "tie_word_embeddings": False}),
        ("ElectraModel", {**BERT, "num_attention_heads": 3}),
        ("ElectraForSequenceClassification", {**BERT, "embedding_size": 14, "num_labels": 3}),
        ("ElectraForTokenClassification", {**BERT, "num_labels": 3}),
        ("ElectraForQuestionAnswering", {**BERT, "num_labels": 2}),
    ),
    *cases(
        "albert",
        ("AlbertForMaskedLM", ALBERT),
        ("AlbertForPreTraining", {**ALBERT, "num_hidden_groups": 2, "hidden_act": "gelu"}),
        ("AlbertModel", {**ALBERT, "inner_group_num": 2, "num_hidden_layers": 3}),
        ("AlbertForSequenceClassification", {**ALBERT, "num_labels": 3}),
        ("AlbertForTokenClassification", {**ALBERT, "num_labels": 3}),
        ("AlbertForQuestionAnswering", {**ALBERT, "num_labels": 2}),
    ),
    *cases(
        "mpnet",
        ("MPNetForMaskedLM", MPNET),
        ("MPNetModel", {**MPNET, "num_attention_heads": 3, "layer_norm_eps": 0.1}),
        ("MPNetForSequenceClassification", {**MPNET, "num_labels": 3, "hidden_act": "relu"}),
        ("MPNetForTokenClassification", {**MPNET, "num_labels": 3}),
        ("MPNetForQuestionAnswering", {**MPNET, "num_labels": 2}),
    ),
    *cases(
        "modernbert",
        ("ModernBertForMaskedLM", {**MODERN, "num_hidden_layers": 4}),
        ("ModernBertForMaskedLM", {**MODERN, "norm_bias": True, "attention_bias": True,
                                   "mlp_bias": True, "decoder_bias": False,
                                   "tie_word_embeddings": False, "hidden_activation": "relu",
                                   "layer_types": ["sliding_attention", "full_attention"]}),
        ("ModernBertModel", {**MODERN, "num_hidden_layers": 3, "num_attention_heads": 3}),
        ("ModernBertForSequenceClassification", {**MODERN, "num_labels": 3}),
        ("ModernBertForSequenceClassification", {**MODERN, "num_labels": 3,
                                                 "classifier_pooling": "mean"}),
        ("ModernBertForTokenClassification", {**MODERN, "num_labels": 3, "classifier_bias": True}),
    ),
    *cases(
        "deit",
        ("DeiTForImageClassification", {**VIT, "num_labels": 3}),
        ("DeiTForImageClassificationWithTeacher", {**VIT, "num_labels": 3, "patch_size": 3}),
        ("DeiTModel", {**VIT, "qkv_bias": False, "hidden_act": "gelu_new", "num_channels": 1}),
    ),
    *cases(
        "dinov2",
        ("Dinov2ForImageClassification", {**DINO, "num_labels": 3}),
        ("Dinov2ForImageClassification", {**DINO, "num_labels": 3, "use_swiglu_ffn": True}),
        ("Dinov2Model", {**DINO, "mlp_ratio": 3, "qkv_bias": False, "hidden_act": "relu"}),
    ),
]  # fmt: skip
