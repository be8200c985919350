"""PEFT as the oracle: what it merges we merge, and what we extract it loads."""

import json

import pytest
from clients.tiny_models import inputs_of, saved
from command import expect

pytestmark = [pytest.mark.client, pytest.mark.filterwarnings("ignore")]

ATTENTION = ["q_proj", "v_proj"]
ADAPTERS = {
    "plain": ("llama", {"target_modules": ATTENTION}),
    "everywhere": ("llama", {"target_modules": "all-linear"}),
    "rslora": ("llama", {"target_modules": ATTENTION, "use_rslora": True, "lora_alpha": 5}),
    "patterns": (
        "llama",
        {
            "target_modules": [*ATTENTION, "up_proj"],
            "rank_pattern": {"q_proj": 6, r"layers\.1\.mlp\.up_proj": 2},
            "alpha_pattern": {r"layers\.\d\.self_attn\.v_proj": 7},
        },
    ),
    "saved whole": ("llama", {"target_modules": ATTENTION, "modules_to_save": ["lm_head"]}),
    "biases": ("llama-biased", {"target_modules": ATTENTION, "bias": "lora_only"}),
    "biased factors": ("llama-biased", {"target_modules": ATTENTION, "lora_bias": True}),
    "embedding": ("llama", {"target_modules": ["embed_tokens", "lm_head"]}),
    "conv1d": ("gpt2-untied", {"target_modules": ["c_attn", "c_fc"], "fan_in_fan_out": True}),
    "convolution": ("resnet-basic", {"target_modules": ["convolution"]}),
    "dora": ("llama", {"target_modules": [*ATTENTION, "down_proj"], "use_dora": True}),
    "dora embedding": ("llama", {"target_modules": ["embed_tokens"], "use_dora": True}),
    "dora conv1d": (
        "gpt2-untied",
        {"target_modules": ["c_attn"], "fan_in_fan_out": True, "use_dora": True},
    ),
    "dora convolution": ("resnet-basic", {"target_modules": ["convolution"], "use_dora": True}),
}


def trained(case, options, folder):
    """A model, and the same with an adapter of random factors that was saved."""
    import peft
    import torch

    model = saved(case, folder / "base")
    adapted = peft.get_peft_model(model, peft.LoraConfig(r=4, **options))
    torch.manual_seed(3)
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if parameter.requires_grad:
                scale = 1.1 if "magnitude" in name else 1
                parameter.mul_(scale).add_(torch.randn_like(parameter) * 0.1)
    adapted.save_pretrained(folder / "adapter")
    return adapted.eval()


def loaded(model, folder):
    return type(model).from_pretrained(folder, attn_implementation="eager").eval()


def logits(model):
    import torch

    with torch.no_grad():
        return model(**inputs_of(model)).logits


@pytest.mark.parametrize("name", ADAPTERS)
def test_a_merged_adapter_is_what_peft_makes_of_it(tmp_path, name):
    """Every tensor, to the rounding of float32; and so the logits."""
    import torch

    adapted = trained(*ADAPTERS[name], tmp_path)
    expect(0, "lora", "merge", tmp_path / "base", tmp_path / "adapter", "-o", tmp_path / "out")
    truth = adapted.merge_and_unload()
    ours = loaded(truth, tmp_path / "out")
    theirs = truth.state_dict()
    for key, tensor in ours.state_dict().items():
        torch.testing.assert_close(tensor, theirs[key], rtol=2e-6, atol=2e-6)
    torch.testing.assert_close(logits(ours), logits(truth), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("case", "flipped"), [("llama", False), ("gpt2-untied", True)])
def test_peft_loads_what_was_extracted(tmp_path, case, flipped):
    """The change has a rank of 4, so that the adapter holds all of it."""
    import peft
    import torch

    targets = ["c_attn", "c_fc"] if flipped else ATTENTION
    options = {"target_modules": targets, "fan_in_fan_out": flipped}
    tuned = trained(case, options, tmp_path).merge_and_unload()
    tuned.save_pretrained(tmp_path / "tuned")
    words = (tmp_path / "base", tmp_path / "tuned", "--rank", "4", "-o", tmp_path / "ours")
    expect(0, "lora", "extract", *words)
    base = loaded(tuned, tmp_path / "base")
    adapted = peft.PeftModel.from_pretrained(base, tmp_path / "ours").eval()
    torch.testing.assert_close(logits(adapted), logits(tuned), rtol=1e-4, atol=1e-4)
    said = json.loads((tmp_path / "ours" / "adapter_config.json").read_text())
    assert len(said["target_modules"]) == 4
