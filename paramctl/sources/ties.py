"""Names that share one stored tensor: what the file says, then what the model's family says.

A stored tensor is canonical here, whatever a family calls it: bart-large-cnn keeps
``model.decoder.embed_tokens.weight`` and ties ``model.shared.weight`` to it.

Source: ``safetensors.torch.save_model``; transformers, ``_tied_weights_keys``.
"""

from collections.abc import Callable, Sequence
from typing import Any

from paramctl.columns import Columns
from paramctl.manifest import Manifest
from paramctl.names import natural_order, show

FamilyTies = Callable[[dict[str, Any]], Sequence[tuple[str, str]]]

# Whose config.json leaves tie_word_embeddings out when it is true.
_TIED_UNLESS_SAID = {
    "albert", "bart", "bert", "bloom", "camembert", "codegen", "deberta", "deberta-v2",
    "distilbert", "electra", "ernie", "falcon", "gemma", "gemma2", "gemma3", "gemma3_text",
    "gpt2", "gpt_bigcode", "longformer", "mamba", "marian", "mbart", "mobilebert", "mpt", "mt5",
    "opt", "pegasus", "roberta", "starcoder2", "t5", "whisper", "xglm", "xlm-roberta",
}  # fmt: skip
_TIED_ALWAYS = {"t5", "mt5", "umt5"}  # their flag means something else since transformers 5
_TIED_TRUNK = {"bart", "marian", "mbart", "mt5", "pegasus", "t5", "umt5"}
_HEADS = ("LM", "PreTraining", "Generation", "Heads")


def metadata_aliases(manifest: Manifest) -> dict[str, str]:
    """The aliases a file declares: keys that are no tensor, with a value that is one."""
    pairs = manifest.metadata.items()
    known = manifest.known(text for pair in pairs for text in pair)
    return {key: value for key, value in pairs if value in known and key not in known}


def with_aliases(manifest: Manifest, aliases: dict[str, str]) -> Manifest:
    """The manifest and an entry per alias behind it, in natural order."""
    if not aliases:
        return manifest
    added = [
        manifest.canonical(aliases[name])._replace(
            name=name, tied_to=manifest.canonical(aliases[name]).name, shard=-1, start=0, stop=0
        )
        for name in natural_order(aliases)
    ]
    return Manifest(Columns.joined([manifest.columns, Columns.of(added)]), manifest.metadata)


def apply_family(
    manifest: Manifest, pairs: Sequence[tuple[str, str]]
) -> tuple[Manifest, list[str]]:
    """Add the ties of a family, as ``named_pairs`` gives them, to what is stored.

    Returns:
        The manifest, and a note for each tie whose names are stored apart. Where the family's
        canonical name is absent, the first name that is present takes its place.
    """
    aliases: dict[str, str] = {}
    notes: list[str] = []
    for group in _groups(pairs):
        present = [name for name in group if name in manifest]
        if not present:
            continue
        kept = manifest.canonical(present[0]).name
        aliases.update({name: kept for name in group if name not in manifest})
        notes += [
            f"config.json ties {show(name)} to {show(kept)}, but both are stored and stay apart"
            for name in present[1:]
            if manifest.canonical(name).name != kept
        ]
    return with_aliases(manifest, aliases), notes


def named_pairs(
    pairs: Sequence[tuple[str, str]], manifest: Manifest
) -> tuple[tuple[str, str], ...]:
    """A family's (alias, canonical) pairs in the names of a manifest.

    A tie of two modules becomes one per tensor below them. A name that is stored without its
    first segment (``wte.weight`` for ``transformer.wte.weight``) is taken as it is stored.
    """
    named = []
    for pair in pairs:
        for rest in _below(pair, manifest):
            alias, canonical = (_as_stored(f"{name}{rest}", manifest) for name in pair)
            named.append((alias, canonical))
    return tuple(named)


def _below(pair: tuple[str, str], manifest: Manifest) -> list[str]:
    """What follows the names of two tied modules; an empty text for tied tensors."""
    if any(_as_stored(name, manifest) in manifest for name in pair):
        return [""]
    stems = [f"{stem}." for name in pair for stem in (name, _shortened(name)) if stem]
    found = {
        entry.name[len(stem) - 1 :]: None
        for entry in manifest
        for stem in stems
        if entry.name.startswith(stem)
    }
    return list(found)


def _as_stored(name: str, manifest: Manifest) -> str:
    short = _shortened(name)
    return short if short in manifest and name not in manifest else name


def _shortened(name: str) -> str:
    """A name without its first segment, where two or more are left; else empty."""
    rest = name.partition(".")[2]
    return rest if "." in rest else ""


def concerns_family(config: dict[str, Any] | None) -> bool:
    """Whether a config may tie anything, so that its family's specification is worth loading."""
    if config is None or not isinstance(config.get("model_type"), str):
        return False
    family = config["model_type"]
    told = config.get("tie_word_embeddings")
    if family in _TIED_ALWAYS:
        return True
    if told is None and family not in _TIED_UNLESS_SAID:
        return False
    return told is not False and (family in _TIED_TRUNK or _has_head(config))


def _has_head(config: dict[str, Any]) -> bool:
    names = config.get("architectures")
    if not isinstance(names, list) or not names:
        return True
    return any(isinstance(name, str) and any(head in name for head in _HEADS) for name in names)


def _groups(pairs: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Names that are one tensor, the canonical name first."""
    groups: dict[str, list[str]] = {}
    for alias, canonical in pairs:
        groups.setdefault(canonical, [canonical]).append(alias)
    return list(groups.values())
