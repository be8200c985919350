"""Tiny random models of transformers, saved as it saves them, and inputs for them."""

from typing import Any, NamedTuple


class Case(NamedTuple):
    """A model of transformers: its class, changes to the config, inputs beyond the usual."""

    family: str
    kind: str
    changes: dict[str, Any]


def cases(family: str, *cases: tuple[str, dict[str, Any]]) -> list[Case]:
    """The cases of a family: class and changes of each."""
    return [Case(family, kind, changes) for kind, changes in cases]


def named(case: Case, number: int) -> str:
    """A name for a case in the list of tests."""
    return f"{case.family}-{number}-{case.kind}"


def saved(case: Case, folder: Any) -> Any:
    """A random model in evaluation mode, saved by transformers to a folder."""
    import torch
    import transformers

    kind = getattr(transformers, case.kind)
    torch.manual_seed(sum(map(ord, repr(case))))
    config = kind.config_class(**case.changes)
    config._attn_implementation = config._experts_implementation = "eager"
    model = spread(kind(config).eval())
    model.save_pretrained(folder)
    return model


def spread(model: Any) -> Any:
    """The model with random values added, so that norms, biases and logits are not at rest."""
    import torch

    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
        for name, buffer in model.named_buffers():
            if "running" in name:
                buffer.add_(torch.rand_like(buffer))
            if name == "final_logits_bias":
                buffer.add_(torch.randn_like(buffer))
    return model


def inputs_of(case: Case, config: Any) -> dict[str, Any]:
    """Random inputs for a model, by name."""
    import torch

    torch.manual_seed(5)
    draw = {"pixel_values": _pixels, "input_features": _sound, "input_ids": _words}
    inputs = {name: make(config) for name, make in draw.items() if name in _names(case)}
    padding = getattr(config, "pad_token_id", None)
    if case.kind.endswith("SequenceClassification") and padding and "input_ids" in inputs:
        inputs["input_ids"][1, -3:] = padding
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
