"""A MODEL that is no path: what its URL says, and how much of it may be shown.

Whoever has a signed query or a password has the model; so both are used and never shown.
"""

import re
from dataclasses import dataclass, field

from paramctl.names import show

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
# Compiled when a URL or an error comes, as that takes longer than to open a small file.
_PARTS = r"(?s)([^:]+://)(?:[^/?#]*@)?([^?#]*)(\?[^#]*)?(#.*)?"
_USER = r"((?<![A-Za-z0-9])[A-Za-z][A-Za-z0-9+.-]*:/{1,2})[^/\s?#'\"]+@"
_QUERY = r"([A-Za-z][A-Za-z0-9+.-]*:/{1,2}[^\s?'\"]+)\?[^\s'\"…]+"


def is_url(model: object) -> bool:
    """Whether a MODEL is a URL: it begins with a scheme and ``://``."""
    return isinstance(model, Address) or (isinstance(model, str) and bool(_URL.match(model)))


def shown(model: object) -> str:
    """A MODEL as it may be printed: a URL without password and query, a path as it is."""
    text = model.text if isinstance(model, Address) else str(model)
    return show(_shown(text) if _URL.match(text) else text)


def without_secrets(message: str) -> str:
    """A message in which somebody else has put an address as it was typed.

    A path made of an address has one slash less.
    """
    return re.sub(_QUERY, r"\1?…", re.sub(_USER, r"\1", message))


def _shown(text: str) -> str:
    match = re.fullmatch(_PARTS, text)
    return f"{match[1]}{match[2]}{'?…' if match[3] else ''}" if match else text


@dataclass(frozen=True)
class Address:
    """A file or folder behind a URL.

    Attributes:
        text: the URL as it opens the place, secrets included; as text, it is shown without them.
    """

    text: str = field(repr=False)

    def __str__(self) -> str:
        return _shown(self.text)

    @property
    def scheme(self) -> str:
        """``https``, ``hf`` and so on."""
        match = _URL.match(self.text)
        return match[1].lower() if match else ""

    @property
    def name(self) -> str:
        """The last part of its path."""
        return str(self).removesuffix("?…").rstrip("/").rpartition("/")[2]

    @property
    def parent(self) -> "Address":
        """The folder it lies in; with the same query, which may be what opens it."""
        path, query = self._split()
        return Address(path.rstrip("/").rpartition("/")[0] + query)

    def __truediv__(self, name: str) -> "Address":
        path, query = self._split()
        return Address(f"{path.rstrip('/')}/{name}{query}")

    def _split(self) -> tuple[str, str]:
        path, mark, query = self.text.partition("#")[0].partition("?")
        return path, mark + query
