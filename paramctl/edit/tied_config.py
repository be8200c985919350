"""Keep what config.json says about tied embeddings in step with the file."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from paramctl.edit.config import config_now
from paramctl.edit.draft import Draft

FLAG = "tie_word_embeddings"

_HEADS = {"lm_head", "embed_out", "decoder", "output", "output_layer", "head", "proj_out"}
_EMBEDDINGS = {
    "embed_tokens", "wte", "word_embeddings", "tok_embeddings", "embed_in", "shared", "embedding",
    "embeddings", "embed", "embedder", "emb", "token_emb", "token_embedding", "word_embedding",
}  # fmt: skip


@contextlib.contextmanager
def keep_config_true(draft: Draft) -> Iterator[None]:
    """Set ``tie_word_embeddings`` when the block ties or parts an output layer and its embedding.

    Ties of other tensors are not what that key speaks of, and a model without a config.json
    gets none.
    """
    before = _head_ties(draft)
    yield
    after = _head_ties(draft)
    if draft.source.config is None or before == after:
        return
    if bool(before) != bool(after):
        _set(draft, bool(after))


def _set(draft: Draft, tied: bool) -> None:
    config = config_now(draft)
    nested = config.get("text_config")
    if isinstance(nested, dict) and FLAG in nested:
        draft.config["text_config"] = {**nested, FLAG: tied}
        if FLAG not in config:
            return
    draft.config[FLAG] = tied


def states_tie(changes: Mapping[str, Any]) -> bool:
    """Whether changes of config.json say that the output layer is now tied to its embedding."""
    nested = changes.get("text_config")
    inner = nested.get(FLAG) if isinstance(nested, dict) else None
    return changes.get(FLAG, inner) is True


def _head_ties(draft: Draft) -> set[frozenset[str]]:
    """The groups of tied names among which are an output layer's weight and an embedding's."""
    return {
        frozenset(group)
        for group in draft.manifest.ties
        if any(is_output(name) for name in group) and any(is_embedding(name) for name in group)
    }


def is_embedding(name: str) -> bool:
    """Whether a name is an embedding's weight, by the usual names."""
    return _is_weight_of(name, _EMBEDDINGS)


def is_output(name: str) -> bool:
    """Whether a name is an output layer's weight, by the usual names."""
    return _is_weight_of(name, _HEADS)


def _is_weight_of(name: str, modules: set[str]) -> bool:
    segments = name.split(".")
    return len(segments) > 1 and segments[-1] == "weight" and segments[-2] in modules
