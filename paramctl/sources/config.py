"""The ``config.json`` beside a checkpoint."""

from typing import TYPE_CHECKING, Any

from paramctl.errors import CheckpointError, MissingError
from paramctl.formats.strict_json import parse_object
from paramctl.names import show

if TYPE_CHECKING:
    from paramctl.sources.place import Place

LARGEST = 16 << 20
NAME = "config.json"


def read_config(place: "Place") -> tuple[dict[str, Any] | None, list[str]]:
    """The parsed ``config.json`` of a folder, or ``None``, with a note where it can't be used."""
    try:
        data = place.read_whole(NAME, LARGEST)
        return parse_object(data, where=show(str(place.at(NAME))), what="config"), []
    except MissingError:
        return None, []
    except CheckpointError as error:
        return None, [f"{error}; it is ignored"]
