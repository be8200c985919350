"""Resized models load in transformers and compute what they did."""

import pytest
from command import expect

pytestmark = pytest.mark.client


@pytest.mark.parametrize("tied", [True, False])
def test_a_vocabulary_grows_as_in_transformers(tmp_path, tied):
    """The old logits stay; the new rows are means, as transformers' noise is around them."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        hidden_size=16, intermediate_size=24, num_hidden_layers=1, num_attention_heads=4,
        vocab_size=40, max_position_embeddings=32, tie_word_embeddings=tied,
        bos_token_id=1, eos_token_id=2, pad_token_id=0,
    )  # fmt: skip
    model = LlamaForCausalLM(config).eval()
    model.save_pretrained(tmp_path / "in")
    names = ["embed_tokens"] if tied else ["embed_tokens", "lm_head"]
    dim = ("--dim", "0=41", "--multiple-of", "8")
    expect(0, "resize", tmp_path / "in", *names, *dim, "-o", tmp_path / "out")
    after, report = LlamaForCausalLM.from_pretrained(tmp_path / "out", output_loading_info=True)
    assert not any(report[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    assert after.config.vocab_size == 48
    ids = torch.tensor([[1, 2, 3]])
    with torch.no_grad():
        before, now = model(ids).logits, after.eval()(ids).logits
    assert torch.equal(now[..., :40], before)
    assert torch.allclose(now[..., 40:], before.mean(-1, keepdim=True).expand(-1, -1, 8), atol=1e-6)


def test_a_classifier_gets_more_classes(tmp_path):
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    torch.manual_seed(0)
    config = BertConfig(
        hidden_size=16, intermediate_size=24, num_hidden_layers=1, num_attention_heads=4,
        vocab_size=40, max_position_embeddings=32,
    )  # fmt: skip
    model = BertForSequenceClassification(config).eval()
    model.save_pretrained(tmp_path / "in")
    fill = ("--dim", "0=12", "--fill", "xavier_uniform", "--seed", "0")
    expect(0, "resize", tmp_path / "in", "classifier", *fill, "-o", tmp_path / "out")
    after, report = BertForSequenceClassification.from_pretrained(
        tmp_path / "out", output_loading_info=True
    )
    assert not any(report[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    assert after.config.num_labels == 12
    ids = torch.tensor([[1, 2, 3]])
    with torch.no_grad():
        before, now = model(ids).logits, after.eval()(ids).logits
    assert now.shape == (1, 12)
    assert torch.allclose(now[:, :2], before, atol=1e-6)
    assert after.classifier.bias[2:].tolist() == [0] * 10
