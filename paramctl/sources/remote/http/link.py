"""A URL taken apart: where to connect, what to ask for, whom to be."""

import base64
from dataclasses import dataclass, replace
from urllib.parse import quote, unquote, urljoin, urlsplit

from paramctl.errors import UsageError
from paramctl.sources.address import shown

_SAFE = "/:@!$&'()*+,;=~%-._"  # what a path may hold as it is; % begins what is quoted already


@dataclass(frozen=True)
class Link:
    """What a request needs of a URL.

    Attributes:
        target: path and query.
        user: name and password from the URL, or empty; never printed.
    """

    scheme: str
    host: str
    port: int
    target: str
    user: str = ""

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port: what credentials are for."""
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        """Host and port as a ``Host`` header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def place(self) -> str:
        """The address as it may be printed."""
        return shown(f"{self.scheme}://{self.authority}{self.target}")

    def to(self, location: str) -> "Link | None":
        """Where a redirect leads; ``None`` where that is no address for HTTP."""
        try:
            return parse_link(urljoin(f"{self.scheme}://{self.authority}{self.target}", location))
        except (UsageError, ValueError):
            return None

    def basic(self) -> str:
        """The ``Authorization`` of the user in the URL."""
        return basic(*map(unquote, self.user.partition(":")[::2])) if self.user else ""

    def anonymous(self) -> "Link":
        """The same without a user."""
        return replace(self, user="")


_PORTS = {"http": 80, "https": 443}


def basic(name: str, password: str) -> str:
    """The ``Authorization`` of a name and a password."""
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def parse_link(text: str) -> Link:
    """A URL of http or https.

    Raises:
        UsageError: it isn't one.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode() if parts.hostname else ""
    except (ValueError, UnicodeError):
        raise UsageError("no valid address", where=shown(text)) from None
    scheme = parts.scheme.lower()
    if scheme not in _PORTS or not host:
        raise UsageError("no valid address", where=shown(text))
    user = parts.netloc.rpartition("@")[0]
    path = quote(parts.path or "/", safe=_SAFE)
    query = f"?{quote(parts.query, safe=_SAFE + '?')}" if parts.query else ""
    return Link(scheme, host, port or _PORTS[scheme], path + query, user)
