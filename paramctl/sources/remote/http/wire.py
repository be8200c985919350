"""Connections that are kept, one per thread and host, and none that can hold anybody up.

A server may send a byte now and then for ever: every exchange has a deadline that grows with
what was asked for, and every single wait a shorter one.
"""

import contextlib
import http.client
import io
import socket
import threading
import time
import urllib.request
from typing import Any

from paramctl.sources.remote.http.link import Link, parse_link

CONNECT = 15.0  # seconds until a connection stands
IDLE = 30.0  # seconds without a byte
SLOWEST = 64 << 10  # bytes a second, below which an answer comes too late
PATIENCE = 60.0  # seconds that every answer may take


class LateError(TimeoutError):
    """An answer dripped in too slowly."""


class _Timed(io.RawIOBase):
    """The bytes of a socket, none of them after the deadline of its connection."""

    def __init__(self, raw: Any, sock: socket.socket, line: "Line") -> None:
        super().__init__()
        self._raw, self._sock, self._line = raw, sock, line

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> Any:
        left = self._line.deadline - time.monotonic()
        if left <= 0:
            raise LateError
        self._sock.settimeout(min(left, IDLE))
        try:
            return self._raw.readinto(buffer)
        except TimeoutError:
            raise (LateError if left <= IDLE else TimeoutError) from None

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Door:
    """A socket for a response to read from in time."""

    def __init__(self, sock: socket.socket, line: "Line") -> None:
        self._sock, self._line = sock, line

    def makefile(self, mode: str) -> io.BufferedReader:
        assert mode == "rb", "responses are read as bytes"
        raw = self._sock.makefile("rb", buffering=0)
        return io.BufferedReader(_Timed(raw, self._sock, self._line), 1 << 16)


class Line:
    """One connection to a host, direct or through the proxy that the environment names."""

    def __init__(self, link: Link) -> None:
        self.deadline = 0.0
        self._answer: http.client.HTTPResponse | None = None
        self._proxy = _proxy(link)
        near = self._proxy or link
        if link.scheme == "https":
            self._connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                near.host, near.port, timeout=CONNECT, context=_context()
            )
            if self._proxy:
                headers = {"Proxy-Authorization": self._proxy.basic()} if self._proxy.user else {}
                self._connection.set_tunnel(link.host, link.port, headers)
        else:
            self._connection = http.client.HTTPConnection(near.host, near.port, timeout=CONNECT)
        self._connection.response_class = self._response  # type: ignore[assignment]

    @property
    def is_fresh(self) -> bool:
        """Whether nothing was sent on it yet."""
        return self._connection.sock is None

    def get(self, link: Link, headers: dict[str, str], nbytes: int) -> http.client.HTTPResponse:
        """Ask for an address of this host; the body is still to be read.

        Args:
            nbytes: how many are going to be read; the deadline allows for them.
        """
        self.deadline = time.monotonic() + PATIENCE + nbytes / SLOWEST
        target = link.target
        if self._proxy and link.scheme == "http":
            target = f"http://{link.authority}{target}"
            if self._proxy.user:
                headers = {**headers, "Proxy-Authorization": self._proxy.basic()}
        self._connection.putrequest("GET", target, skip_host=True, skip_accept_encoding=True)
        for name, value in {"Host": link.authority, **headers}.items():
            self._connection.putheader(name, value)
        self._connection.endheaders()
        return self._connection.getresponse()

    def close(self) -> None:
        """Hang up, also where the last answer, of a proxy perhaps, still holds the socket."""
        self._connection.close()
        if self._answer is not None:
            self._answer.close()

    def abort(self) -> None:
        """Wake up whoever waits on this connection, from another thread."""
        sock = self._connection.sock
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _response(self, sock: socket.socket, **options: Any) -> http.client.HTTPResponse:
        door: Any = _Door(sock, self)
        self._answer = http.client.HTTPResponse(door, **options)
        return self._answer


class Switchboard:
    """The lines of all threads; one that is in use is closed by nobody but its thread."""

    def __init__(self) -> None:
        self._local = threading.local()
        self._lock = threading.Lock()
        self._lines: dict[Line, bool] = {}  # and whether it is in use
        self._closed = False

    def line(self, link: Link) -> Line:
        """This thread's connection to the host of an address, in use from now on."""
        mine: dict[tuple[str, str, int], Line] = self._local.__dict__.setdefault("lines", {})
        if link.origin not in mine:
            mine[link.origin] = Line(link)
        with self._lock:
            if self._closed:
                raise ConnectionAbortedError
            self._lines[mine[link.origin]] = True
        return mine[link.origin]

    def free(self, link: Link) -> None:
        """Keep this thread's connection to a host for the next request."""
        line = self._local.lines[link.origin]
        with self._lock:
            is_kept = not self._closed
            if is_kept:
                self._lines[line] = False
        if not is_kept:
            self.hang_up(link)

    def hang_up(self, link: Link) -> None:
        """Close this thread's connection to a host; the next one is a new one."""
        line = self._local.__dict__.get("lines", {}).pop(link.origin, None)
        if line is not None:
            line.close()
            with self._lock:
                self._lines.pop(line, None)

    def close(self) -> None:
        """Hang up everywhere; who is waiting for an answer gets none."""
        with self._lock:
            self._closed = True
            lines, self._lines = self._lines, {}
        mine = self._local.__dict__.get("lines", {}).values()
        for line, is_used in lines.items():
            if is_used and line not in mine:
                line.abort()
            else:
                line.close()


def _proxy(link: Link) -> Link | None:
    """The proxy that ``http_proxy``, ``https_proxy`` and ``no_proxy`` mean for an address."""
    if urllib.request.proxy_bypass(link.host):
        return None
    proxies = urllib.request.getproxies()
    found = proxies.get(link.scheme) or proxies.get("all")
    return parse_link(found if "://" in found else f"http://{found}") if found else None


_lock = threading.Lock()
_known: list[Any] = []


def _context() -> Any:
    """Certificates are read once: it takes a while, and everybody trusts the same."""
    with _lock:
        if not _known:
            import ssl

            _known.append(ssl.create_default_context())
        return _known[0]
