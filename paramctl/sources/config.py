"""The ``config.json`` beside a checkpoint."""

import re
from functools import cached_property
from json import JSONDecoder
from typing import TYPE_CHECKING, Any

from paramctl.errors import CheckpointError, MissingError
from paramctl.formats.strict_json import parse_object
from paramctl.names import show

if TYPE_CHECKING:
    from paramctl.sources.place import Place

LARGEST = 16 << 20
NAME = "config.json"
_BETWEEN = re.compile(r"[\s,:]*")


class Config(dict[str, Any]):
    """A parsed ``config.json`` that knows on which line each of its keys stands."""

    def __init__(self, parsed: dict[str, Any], text: str) -> None:
        super().__init__(parsed)
        self._text = text

    @cached_property
    def lines(self) -> dict[str, int]:
        """The line of each key, from 1."""
        found = {}
        decode = JSONDecoder().raw_decode
        at = _after(self._text, self._text.index("{") + 1)
        while self._text[at] != "}":
            key, end = decode(self._text, at)
            found[key] = self._text.count("\n", 0, at) + 1
            _, end = decode(self._text, _after(self._text, end))
            at = _after(self._text, end)
        return found


def _after(text: str, at: int) -> int:
    """The first character behind blanks, a colon or a comma."""
    match = _BETWEEN.match(text, at)
    return match.end() if match else at


def read_config(place: "Place") -> tuple[dict[str, Any] | None, list[str]]:
    """The parsed ``config.json`` of a folder, or ``None``, with a note where it can't be used."""
    try:
        data = place.read_whole(NAME, LARGEST)
        parsed = parse_object(data, where=show(str(place.at(NAME))), what="config")
        return Config(parsed, data.decode()), []
    except MissingError:
        return None, []
    except CheckpointError as error:
        return None, [f"{error}; it is ignored"]
