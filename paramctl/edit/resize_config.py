"""Keep sizes that config.json states in step: vocabulary, positions, labels."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from paramctl.edit.config import change_config, config_now, section_of
from paramctl.edit.draft import Draft
from paramctl.edit.resize_fill import Axis
from paramctl.edit.tied_config import is_embedding, is_output
from paramctl.names import show

_POSITIONS = {"wpe", "position_embeddings", "position_embedding", "embed_positions"}
_POSITION_KEYS = ("max_position_embeddings", "n_positions", "n_ctx")
_TYPES = {"token_type_embeddings"}
_CLASSIFIERS = {
    "classifier", "score", "classification_head", "qa_outputs", "logits_proj", "fc", "head",
}  # fmt: skip
_VOCABULARY_BIASES = ("lm_head.bias", "predictions.bias", "decoder.bias", "final_logits_bias")


class Resized(NamedTuple):
    """A tensor and what becomes of one of its axes."""

    name: str
    axis: Axis


def keep_sizes_true(draft: Draft, changes: Sequence[Resized]) -> None:
    """Change each size that config.json states about a resized tensor and that was right.

    Which size that is, the usual names say: of embeddings and output layers the vocabulary, of
    position embeddings the positions, of a classifier the labels.
    """
    if draft.source.config is None:
        return
    for change in changes:
        names = [change.name, *_aliases(draft, change.name)]
        if change.axis.place != 0 or not change.axis.inner:
            continue
        for name in names:
            for keys in _keys(name):
                _replace_size(draft, name, keys, change.axis)
            if _CLASSIFIERS & set(name.split(".")):
                _relabel(draft, change.axis)
    _tell_others(draft, changes)


def _keys(name: str) -> list[tuple[str, ...]]:
    if _is_vocabulary(name):
        return [("vocab_size",)]
    segments = set(name.split("."))
    found: list[tuple[str, ...]] = []
    if segments & _POSITIONS:
        found.append(_POSITION_KEYS)
    if segments & _TYPES:
        found.append(("type_vocab_size",))
    return found


def _is_vocabulary(name: str) -> bool:
    return is_embedding(name) or is_output(name) or name.endswith(_VOCABULARY_BIASES)


def _replace_size(draft: Draft, name: str, keys: Iterable[str], axis: Axis) -> None:
    config = config_now(draft)
    for section in dict.fromkeys((section_of(config, name), None, "text_config")):
        part = config.get(section, {}) if section else config
        found = {
            key: axis.new for key in keys if isinstance(part, dict) and part.get(key) == axis.old
        }
        if found:
            change_config(draft, section, found)
            return


def _relabel(draft: Draft, axis: Axis) -> None:
    """Labels of a classifier: new ones are called ``LABEL_n``, as transformers calls them."""
    config = config_now(draft)
    changes: dict[str, Any] = {
        key: axis.new for key in ("num_labels", "num_classes") if config.get(key) == axis.old
    }
    labels = config.get("id2label")
    if not isinstance(labels, dict):
        labels = _default_labels(config)
    if len(labels) == axis.old:
        names = {str(n): labels.get(str(n), f"LABEL_{n}") for n in range(axis.new)}
        changes["id2label"] = names
        changes["label2id"] = {label: int(n) for n, label in names.items()}
    change_config(draft, None, changes)


def _default_labels(config: Mapping[str, Any]) -> dict[str, str]:
    """transformers leaves two labels with their default names out."""
    names = config.get("architectures")
    is_classifier = isinstance(names, list) and any("Classification" in str(n) for n in names)
    is_told = "num_labels" in config or "num_classes" in config
    return {"0": "LABEL_0", "1": "LABEL_1"} if is_classifier and not is_told else {}


def _tell_others(draft: Draft, changes: Sequence[Resized]) -> None:
    """Name the tensors that have the vocabulary's old size still."""
    done = {name for change in changes for name in (change.name, *_aliases(draft, change.name))}
    for change in changes:
        if change.axis.place != 0 or not _is_vocabulary(change.name):
            continue
        for entry in draft.manifest.stored:
            if entry.name in done or not _is_vocabulary(entry.name):
                continue
            if change.axis.old in entry.shape[:1] + entry.shape[-1:] * (len(entry.shape) == 2):
                done.add(entry.name)
                draft.notes.append(
                    f"{show(entry.name)} keeps its size of {change.axis.old}; models want it to "
                    "be that of the embedding"
                )


def _aliases(draft: Draft, name: str) -> list[str]:
    return [entry.name for entry in draft.manifest if entry.tied_to == name]
