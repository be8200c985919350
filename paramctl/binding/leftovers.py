"""Tensors that files carry and models no longer need: positions, frequencies, masks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

_USUAL = re.compile(r"(?:.*\.)?(?:inv_freq|position_ids|token_type_ids)", re.S)


def is_leftover(name: str, ignore: Sequence[str] = ()) -> bool:
    """Whether a tensor that no parameter takes is one that such files may carry.

    Args:
        ignore: what the spec expects of this kind, as globs over whole dotted segments that
            match at the end of a name.
    """
    if _USUAL.fullmatch(name):
        return True
    return any(_pattern(glob).fullmatch(name) for glob in ignore)


@lru_cache(maxsize=256)
def _pattern(glob: str) -> re.Pattern[str]:
    pieces = []
    for segment in glob.split("."):
        if segment == "**":
            pieces.append(r"(?:[^.]+\.)*")
        else:
            text = re.escape(segment).replace(r"\*", "[^.]*").replace(r"\?", "[^.]")
            pieces.append(text + r"\.")
    body = "".join(pieces).removesuffix(r"\.")
    return re.compile(r"(?:.*\.)?" + body, re.S)
