"""The entries that selections choose; several selections are a union."""

from collections.abc import Sequence

from paramctl.errors import SelectionError
from paramctl.manifest import Entry, Manifest
from paramctl.names import show
from paramctl.select.vocabulary import Vocabulary

# The grammar takes longer to load than a header to read, so it is loaded for a selection only.


def choose(
    manifest: Manifest,
    selections: Sequence[str],
    *,
    allow_empty: bool = False,
    expect: int | None = None,
    shards: Sequence[str] = (),
    has_spec: bool = False,
) -> list[Entry]:
    """The chosen entries in the manifest's order; all of them where there are no selections.

    An alias is chosen by its own name; what becomes of it is for the caller to decide.

    Args:
        selections: texts of the grammar, exact names or paths, or ``@FILE``; a union.
        allow_empty: whether a selection may match nothing.
        expect: how many entries there must be.
        shards: file names by shard index, for ``shard:model-00001*``.
        has_spec: whether the entries carry module types and roles.

    Raises:
        SelectionError: a selection can't be read or matches nothing, or the number is another.
    """
    vocabulary = Vocabulary(manifest, shards=shards, has_spec=has_spec)
    found = [matching(text, vocabulary) for text in selections]
    for text, entries in zip(selections, found, strict=True):
        if not entries and not allow_empty:
            raise _nothing(text, manifest)
    if len(found) == 1:
        chosen = found[0]
    elif found:
        names = {entry.name for entries in found for entry in entries}
        chosen = [entry for entry in manifest if entry.name in names]
    else:
        chosen = list(manifest)
    if expect is not None and len(chosen) != expect:
        raise SelectionError(f"selected {counted(len(chosen), manifest)}, expected {expect}")
    return chosen


def counted(number: int, manifest: Manifest) -> str:
    """``2 of 104 tensors``; names count, aliases among them."""
    return f"{number:,} of {len(manifest):,} tensor{'s' * (len(manifest) != 1)}"


def matching(text: str, vocabulary: Vocabulary) -> list[Entry]:
    """The entries that one selection matches, in order, possibly none.

    Raises:
        SelectionError: it can't be read, or asks what the manifest can't answer.
    """
    manifest = vocabulary.manifest
    if text in manifest:
        return [manifest[text]]
    below = f"{text}."
    inside = [entry for entry in manifest if entry.name.startswith(below)]
    if inside:
        return inside
    if text.startswith("@"):
        from paramctl.select.names_list import read_names

        listed = set(read_names(text[1:], manifest))
        return [entry for entry in manifest if entry.name in listed]
    from paramctl.select.grammar import parse

    return list(filter(parse(text).bind(vocabulary), manifest))


def _nothing(text: str, manifest: Manifest) -> SelectionError:
    from paramctl.select.similar import hint_for

    return SelectionError(
        f"'{show(text)}' selects none of {len(manifest):,} tensors",
        hint=hint_for(text, manifest) if len(manifest) else "the checkpoint holds no tensors",
    )
