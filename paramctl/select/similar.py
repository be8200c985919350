"""Names like one that was not found, for hints."""

import re

from paramctl.manifest import Manifest
from paramctl.names import near, show

_DIGITS = re.compile(r"\d+")
_LONGEST = 200


def hint_for(text: str, manifest: Manifest, *, tensors_only: bool = False) -> str:
    """``near names: …`` with the tensors and modules most like a text, or how to see them all."""
    candidates = _kinds(manifest) if tensors_only else _kinds(manifest) | _paths(text, manifest)
    found = near(text[:_LONGEST], list(candidates.values())) if text else []
    if not found:
        return "run `paramctl ls` for the names"
    likeliest = dict.fromkeys(_with_numbers_of(text, name, manifest) for name in found)
    return "near names: " + ", ".join(show(name) for name in likeliest)


def _with_numbers_of(text: str, name: str, manifest: Manifest) -> str:
    """The name with the numbers of the text, if there is such a name: of all layers, that one."""
    numbers = _DIGITS.findall(text)
    if len(numbers) != len(_DIGITS.findall(name)):
        return name
    other = _DIGITS.sub(lambda _: numbers.pop(0), name)
    exists = other in manifest or any(full.startswith(f"{other}.") for full in manifest.names)
    return other if exists else name


def _kinds(manifest: Manifest) -> dict[str, str]:
    """The first name of each kind: of the layers, the first stands for all."""
    found: dict[str, str] = {}
    for name in manifest.names:
        found.setdefault(_DIGITS.sub("0", name[:_LONGEST]), name)
    return found


def _paths(text: str, manifest: Manifest) -> dict[str, str]:
    """Paths of modules by their kinds, and single segments where the text has no dot."""
    found: dict[str, str] = {}
    for name in _kinds(manifest).values():
        segments = name[:_LONGEST].split(".")[:20]
        for end in range(1, len(segments)):
            path = ".".join(segments[:end])
            found.setdefault(_DIGITS.sub("0", path), path)
        if "." not in text:
            for segment in segments:
                found.setdefault(segment, segment)
    return found
