"""Servers on loopback that tests read checkpoints from: honest ones, and ones with faults to order.

Each listens on a port of its own and counts what it sends; nothing of it leaves this machine.
"""

import contextlib
import http.server
import re
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


@dataclass
class Ask:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    start: int
    stop: int
    number: int


Fault = Callable[["Handler", Ask], bool]


@dataclass
class Shop:
    """What a server gives out, what goes wrong, and what was asked.

    Attributes:
        fault: called before each answer; true when it has answered itself.
        sent: bytes of bodies.
    """

    folder: Path
    fault: Fault | None = None
    asks: list[Ask] = field(default_factory=list)
    sent: int = 0
    url: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def reset(self) -> None:
        """Begin to count anew."""
        self.asks, self.sent = [], 0


class Handler(http.server.BaseHTTPRequestHandler):
    """Files of a folder, by ranges."""

    protocol_version = "HTTP/1.1"
    server: "Server"

    def do_GET(self) -> None:
        shop = self.server.shop
        path = self.path.partition("?")[0]
        match = _RANGE.fullmatch(self.headers.get("Range", ""))
        start, stop = (int(match[1]), int(match[2] or 1 << 62) + 1) if match else (0, 1 << 62)
        with shop.lock:
            ask = Ask(self.path, dict(self.headers), start, stop, len(shop.asks))
            shop.asks.append(ask)
        if shop.fault is not None and shop.fault(self, ask):
            return
        file = shop.folder / path.lstrip("/")
        if not file.is_file():
            self.reply(404)
            return
        self.give(file, start, stop)

    def give(self, file: Path, start: int, stop: int, **headers: str) -> None:
        """Send a range of a file."""
        size = file.stat().st_size
        if start >= size:
            self.reply(416, **{"Content-Range": f"bytes */{size}"})
            return
        stop = min(stop, size)
        tag = self.server.shop.tags.get(file.name, f'"{file.stat().st_mtime_ns:x}-{size:x}"')
        with file.open("rb") as opened:
            opened.seek(start)
            body = opened.read(stop - start)
        known = {"Content-Range": f"bytes {start}-{stop - 1}/{size}", "ETag": tag, **headers}
        self.reply(206, body, **known)

    def reply(self, status: int, body: bytes = b"", **headers: str) -> None:
        """Send an answer as a whole."""
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        with self.server.shop.lock:
            self.server.shop.sent += len(body)
        self.wfile.write(body)

    def cut(self) -> None:
        """Break the connection off."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *arguments: Any) -> None:
        """Tests are quiet."""


class Gateway(Handler):
    """A proxy to the one host ``models.example``, which has the files of the folder."""

    def do_GET(self) -> None:
        self.path = self.path.removeprefix("http://models.example")
        super().do_GET()


class Server(http.server.ThreadingHTTPServer):
    """A server with a shop."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, shop: Shop, handler: type[Handler], secure: Any = None) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.shop = shop
        if secure is not None:
            self.socket = secure.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )
        shop.url = f"http{'s' * (secure is not None)}://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients hang up when they have seen enough."""


@contextlib.contextmanager
def serving(
    folder: Path,
    fault: Fault | None = None,
    handler: type[Handler] = Handler,
    secure: Any = None,
) -> Iterator[Shop]:
    """A server of a folder's files; its address is ``url``.

    Args:
        secure: the context of a server that speaks TLS.
    """
    shop = Shop(folder, fault)
    with Server(shop, handler, secure) as server, running(server):
        yield shop


@contextlib.contextmanager
def running(server: Any) -> Iterator[None]:
    """A server answering in a thread of its own."""
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
