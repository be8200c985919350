"""Whether a word of the command line is a SPEC or a MODEL, without reading either."""

import re
from pathlib import Path

import paramctl
from paramctl.sources.address import is_url

_FAMILY = re.compile(r"[a-z0-9_-]+")
_FAMILIES = Path(paramctl.__file__).parent / "spec" / "families"


def is_spec(word: str) -> bool:
    """Whether a word names a spec: a ``.yaml`` file, or a built-in family.

    A path of a family's name is written with its folder: ``./llama``.
    """
    if is_url(word):
        return False  # specs lie here
    if word.endswith((".yaml", ".yml")):
        return True
    return bool(_FAMILY.fullmatch(word)) and (_FAMILIES / f"{word}.yaml").is_file()
