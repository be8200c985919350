"""Which tensor of a plan goes into which file, and what the header and the index of each say."""

import json
import re
from collections.abc import Iterable
from typing import Any

from paramctl.edit.draft import Draft
from paramctl.edit.slot import Slot
from paramctl.errors import UsageError
from paramctl.formats.folder import INDEX, SINGLE
from paramctl.formats.image import Image
from paramctl.names import show

_NUMBERED = re.compile(r"(?P<stem>.*)-\d{5}-of-\d{5}\.safetensors", re.S)


def one_file(draft: Draft, name: str = SINGLE) -> Image:
    """Everything in one file: the shards one after the other, the first word on metadata counts."""
    strings = merged_metadata(draft)
    if len(draft.metadata) == 1:
        return _image(draft, 0, name, draft.slots)
    slots = sorted(draft.slots, key=lambda slot: slot.now().shard)
    return _encoded(name, slots, strings)


def merged_metadata(draft: Draft) -> dict[str, str]:
    """The strings of all files' headers, ties among them; the first word on each counts."""
    strings: dict[str, str] = {}
    for file in range(len(draft.metadata)):
        strings = {**_metadata(draft, file), **strings}
    return strings


def shards(draft: Draft) -> list[Image]:
    """A file per shard of the checkpoint, but for those that nothing is left in.

    Numbered names are counted anew when a shard has gone.
    """
    groups: dict[int, list[Slot]] = {}
    for slot in draft.slots:
        groups.setdefault(slot.now().shard, []).append(slot)
    files = sorted(file for file, slots in groups.items() if any(s.kept is None for s in slots))
    names = _renumbered([draft.names[file] for file in files], draft)
    return [
        _image(draft, file, name, groups[file]) for file, name in zip(files, names, strict=True)
    ]


def index_name(draft: Draft) -> str:
    """The name of the index."""
    path = draft.source.index_path
    return path.name if path else INDEX


def encode_index(draft: Draft, images: Iterable[Image], text: bytes | None = None) -> bytes:
    """The index of some shards; in the text of the old one where it says the same.

    Args:
        text: the old index.
    """
    tree: dict[str, Any] = json.loads(text) if text else {"metadata": {}}
    found = {entry.name: image.name for image in images for entry in image.entries}
    before = tree.get("weight_map", {})
    origins = {slot.name: slot.origin.name for slot in draft.slots if slot.origin}
    places = {name: place for place, name in enumerate(before)}
    names = sorted(found) if list(before) == sorted(before) else _in_order(found, origins, places)
    weight_map = {name: found[name] for name in names}
    counts = _counts(images, tree.get("metadata") or {})
    if text and list(weight_map.items()) == list(before.items()) and not counts:
        return text
    tree["metadata"] = {**(tree.get("metadata") or {}), **counts}
    tree["weight_map"] = weight_map
    is_ascii = text is None or text.isascii()
    return (json.dumps(tree, indent=2, ensure_ascii=is_ascii) + "\n").encode()


def _counts(images: Iterable[Image], metadata: dict[str, Any]) -> dict[str, int]:
    """The totals that an index states, where they are no longer right."""
    entries = [entry for image in images for entry in image.entries]
    totals = {"total_size": sum(entry.nbytes or 0 for entry in entries)}
    if "total_parameters" in metadata:
        totals["total_parameters"] = sum(entry.numel or 0 for entry in entries)
    return {key: total for key, total in totals.items() if metadata.get(key) != total}


def _in_order(found: Iterable[str], origins: dict[str, str], places: dict[str, int]) -> list[str]:
    last = len(places)
    return sorted(found, key=lambda name: places.get(origins.get(name, ""), last))


def _renumbered(names: list[str], draft: Draft) -> list[str]:
    matches = [_NUMBERED.fullmatch(name) for name in names]
    if len(names) == len(draft.names) or not all(matches):
        return names
    count = len(names)
    return [
        f"{match['stem']}-{number:05d}-of-{count:05d}.safetensors"
        for number, match in enumerate(matches, 1)
        if match
    ]


def _image(draft: Draft, file: int, name: str, slots: list[Slot]) -> Image:
    strings = _metadata(draft, file)
    image = _encoded(name, slots, strings)
    if draft.is_relaid:
        return image
    header = draft.source.headers[file]
    before = sorted(header.entries, key=lambda entry: (entry.start, entry.stop))
    same = [entry[:3] for entry in before] == [entry[:3] for entry in image.entries]
    if not same or dict(header.metadata) != strings:
        return image
    text = draft.source.opened[file].read(0, header.data_start)
    return image if text[8:9] != b"{" else Image(name, image.entries, image.contents, strings, text)


def _encoded(name: str, slots: list[Slot], strings: dict[str, str]) -> Image:
    stored = [slot for slot in slots if slot.content is not None]
    contents = tuple(slot.content for slot in stored if slot.content is not None)
    return Image(name, tuple(slot.now() for slot in stored), contents, strings)


def _metadata(draft: Draft, file: int) -> dict[str, str]:
    """The strings of a file's header, the ties of its tensors among them, in the order they had."""
    own = draft.metadata[file]
    before = own if draft.is_relaid else draft.source.headers[file].metadata
    declared = [slot for slot in draft.slots if slot.kept is not None and slot.declared]
    written = {slot.now().shard for slot in draft.slots if slot.kept is None}
    headers = enumerate(draft.source.headers)
    known = {key for shard, header in headers if shard in written for key in header.metadata}
    by_origin = {
        slot.origin.name: slot
        for slot in declared
        if not draft.is_relaid
        and slot.origin
        and slot.origin.is_alias
        and slot.origin.name in known
    }
    placed = set(by_origin.values())
    strings: dict[str, str] = {}
    for key in before:
        if key in by_origin:
            strings[by_origin[key].name] = by_origin[key].now().tied_to or ""
        elif key in own:
            strings[key] = own[key]
    strings.update({key: text for key, text in own.items() if key not in strings})
    kept_here = [slot for slot in declared if slot.now().shard == file]
    for slot in sorted(kept_here, key=lambda slot: slot.name):
        if slot not in placed:
            if slot.name in strings:
                raise UsageError(
                    f"the tie can't be declared: the metadata say '{show(slot.name)}' already",
                    hint=f"remove it first: paramctl meta MODEL --unset {show(slot.name)}",
                )
            strings[slot.name] = slot.now().tied_to or ""
    _refuse_accident(draft, strings)
    return strings


def _refuse_accident(draft: Draft, strings: dict[str, str]) -> None:
    """A string of the user's must not turn into a tie because a tensor took that name."""
    manifest = draft.manifest
    for key, text in strings.items():
        entry = manifest.get(text)
        if key not in manifest and entry is not None and not entry.is_alias:
            raise UsageError(
                f"the metadata '{show(key)}: {show(text)}' would be read as a tie",
                hint=f"remove it first: paramctl meta MODEL --unset {show(key)}",
            )
