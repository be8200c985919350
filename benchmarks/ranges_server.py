"""A server of ranges on loopback that counts what it gives out, and is as far away as it is told.

It also answers what huggingface_hub asks of a hub, for the one model ``bench/model``.
"""

import contextlib
import hashlib
import http.server
import json
import os
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

COMMIT = hashlib.sha1(b"bench", usedforsecurity=False).hexdigest()
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_FILE = re.compile(r"(?:/bench/model/resolve/[^/]+)?/([^/?]+)")


class Counter:
    """Requests and bytes since the last look."""

    def __init__(self) -> None:
        self.requests, self.nbytes, self.url = 0, 0, ""
        self._lock = threading.Lock()

    def add(self, nbytes: int) -> None:
        """One more answer."""
        with self._lock:
            self.requests, self.nbytes = self.requests + 1, self.nbytes + nbytes

    def take(self) -> tuple[int, int]:
        """Both, and begin anew."""
        with self._lock:
            found = self.requests, self.nbytes
            self.requests, self.nbytes = 0, 0
        return found


@contextlib.contextmanager
def serving(folder: Path, latency: float = 0.0) -> Iterator[Counter]:
    """A server of a folder's files; every answer begins ``latency`` seconds after its request."""
    counter = Counter()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def _answer(self, *, with_body: bool) -> None:
            time.sleep(latency)
            if self.path.startswith("/api/models/"):
                self._tell()
                return
            match = _FILE.fullmatch(self.path.partition("?")[0])
            file = folder / match[1] if match else folder
            if not file.is_file():
                self._head(404, 0, **{"X-Error-Code": "EntryNotFound"})
                return
            size = file.stat().st_size
            found = _RANGE.fullmatch(self.headers.get("Range", ""))
            start = int(found[1]) if found else 0
            stop = min(int(found[2] or size - 1) + 1, size) if found else size
            told = {"Content-Range": f"bytes {start}-{stop - 1}/{size}"} if found else {}
            self._head(206 if found else 200, stop - start, ETag=f'"{size:x}"', **told)
            if with_body:
                counter.add(stop - start)
                self.wfile.flush()
                with file.open("rb") as opened:
                    while start < stop:
                        start += os.sendfile(
                            self.connection.fileno(), opened.fileno(), start, stop - start
                        )

        def _tell(self) -> None:
            paths = sorted(folder.iterdir())
            names = [{"rfilename": path.name} for path in paths]
            model: Any = {"id": "bench/model", "sha": COMMIT, "siblings": names, "private": False,
                          "downloads": 0, "likes": 0, "tags": []}  # fmt: skip
            if "/tree/" in self.path:
                model = [
                    {"type": "file", "path": path.name, "size": path.stat().st_size, "oid": "0"}
                    for path in paths
                ]
            body = json.dumps(model).encode()
            self._head(200, len(body))
            counter.add(len(body))
            self.wfile.write(body)

        def _head(self, status: int, length: int, **headers: str) -> None:
            self.send_response(status)
            known = {"Content-Length": str(length), "X-Repo-Commit": COMMIT, "ETag": '"0"'}
            for name, value in {**known, **headers}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *arguments: Any) -> None:
            """Nothing but the tables is printed."""

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Clients hang up when they have seen enough."""

    with Server(("127.0.0.1", 0), Handler) as server:
        counter.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield counter
        finally:
            server.shutdown()
            thread.join()
