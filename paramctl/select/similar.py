"""Names like one that was not found, for hints."""

import re

from paramctl.manifest import Manifest
from paramctl.names import near, show

_DIGITS = re.compile(r"\d+")
_LONGEST = 200


def hint_for(text: str, manifest: Manifest) -> str:
    """``near names: …`` with the tensors and modules most like a text, or how to see them all."""
    found = near(text[:_LONGEST], _candidates(text, manifest)) if text else []
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
    return other if other in manifest else name


def _candidates(text: str, manifest: Manifest) -> list[str]:
    """Each kind of name once: of the layers, the first stands for all.

    Paths of modules and last segments count as names too, where the text has as few dots.
    """
    found: dict[str, str] = {}
    for name in manifest.names:
        kind = _DIGITS.sub("0", name[:_LONGEST])
        if kind in found:
            continue
        found[kind] = name
        segments = name[:_LONGEST].split(".")[:20]
        for end in range(1, len(segments)):
            path = ".".join(segments[:end])
            found.setdefault(_DIGITS.sub("0", path), path)
        if "." not in text:
            for segment in segments:
                found.setdefault(segment, segment)
    return list(found.values())
