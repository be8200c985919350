"""A bucket and a hub on loopback: moto's S3 server, files as GCS gives them, and a small hub.

What reads them are the real clients, obstore and huggingface_hub.
"""

import contextlib
import json
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from remote_servers import Ask, Fault, Handler, Shop, running, serving

COMMIT = "5e85c7a2b1d04f6c9a3e8d7f60b1c2a394857601"
BUCKET = "models"
REPO = "acme/tiny"


@dataclass
class Front:
    """What stands before moto: counts, and answers itself where a fault is to order."""

    app: Any
    fault: Callable[[dict[str, Any], int], tuple[str, bytes] | None] | None = None
    asks: list[dict[str, Any]] = field(default_factory=list)
    sent: int = 0
    url: str = ""

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        self.asks.append(environ)
        found = self.fault(environ, len(self.asks) - 1) if self.fault else None
        if found is not None:
            start_response(found[0], [("Content-Length", str(len(found[1])))])
            return [found[1]]
        body = b"".join(self.app(environ, start_response))
        self.sent += len(body)
        return [body]

    def reset(self) -> None:
        """Begin to count anew."""
        self.asks, self.sent = [], 0


@contextlib.contextmanager
def s3_bucket(folder: Path, monkeypatch: Any) -> Iterator[Front]:
    """moto's S3 with the files of a folder below ``s3://models/m``."""
    import obstore
    from moto.server import DomainDispatcherApplication, create_backend_app
    from obstore.store import S3Store
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        def log(self, *arguments: Any) -> None:
            """Tests are quiet."""

    front = Front(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, front, threaded=True, request_handler=Quiet)
    front.url = f"http://127.0.0.1:{server.server_port}"
    for name, value in {
        "AWS_ENDPOINT_URL": front.url,
        "AWS_ACCESS_KEY_ID": "AKIASECRETNAME",
        "AWS_SECRET_ACCESS_KEY": "hidden-key",
        "AWS_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    with running(server), contextlib.closing(server.socket):
        import boto3

        urllib.request.urlopen(f"{front.url}/moto-api/reset", b"").close()  # one world a process
        boto3.client("s3", endpoint_url=front.url).create_bucket(Bucket=BUCKET)
        store = S3Store(BUCKET, client_options={"allow_http": True})
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                obstore.put(store, f"m/{path.relative_to(folder)}", path.read_bytes())
        front.reset()
        yield front


class Google(Handler):
    """Files below ``/models/m`` by the XML interface of Google Cloud Storage."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path.strip("/") == BUCKET:
            self.list(parse_qs(parts.query).get("prefix", [""])[0])
            return
        self.path = unquote(parts.path).removeprefix(f"/{BUCKET}/m")
        super().do_GET()

    def list(self, prefix: str) -> None:
        """All objects below a prefix."""
        folder = self.server.shop.folder
        found = [f"m/{p.relative_to(folder)}" for p in sorted(folder.rglob("*")) if p.is_file()]
        items = "".join(
            f"<Contents><Key>{key}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>"
            f"<ETag>&quot;x&quot;</ETag><Size>1</Size></Contents>"
            for key in found
            if key.startswith(prefix)
        )
        self.reply(200, f"<ListBucketResult>{items}</ListBucketResult>".encode())

    def give(self, file: Path, start: int, stop: int, **headers: str) -> None:
        super().give(file, start, stop, **{"Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT"})


@contextlib.contextmanager
def gcs_bucket(folder: Path, monkeypatch: Any) -> Iterator[Shop]:
    """The files of a folder below ``gs://models/m``."""
    with serving(folder, handler=Google) as shop:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", shop.url)
        yield shop


class HubHandler(Handler):
    """What huggingface_hub asks for of one model, whose large files lie on another server."""

    cdn = ""
    token = ""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path.startswith("/api/models/"):
            self.tell(parts.path.removeprefix("/api/models/"))
            return
        below = f"/{REPO}/resolve/{COMMIT}/"
        if parts.path.startswith(below) and parts.path.endswith(".safetensors"):
            if self.is_refused():
                return
            name = parts.path.removeprefix(below)
            self.reply(302, Location=f"{self.cdn}/{name}?Signature=hidden-signature")
            return
        self.path = parts.path.removeprefix(below)
        super().do_GET()

    def is_refused(self) -> bool:
        """Note this request; whether a fault has answered it."""
        shop = self.server.shop
        ask = Ask(self.path, dict(self.headers), 0, 0, len(shop.asks))
        shop.asks.append(ask)
        return shop.fault is not None and shop.fault(self, ask)

    def tell(self, what: str) -> None:
        """The model's commit and files."""
        shop = self.server.shop
        if self.is_refused():
            return
        repo, _, revision = what.partition("/revision/")
        error = "" if repo == REPO else "RepoNotFound"
        if revision and unquote(revision) not in ("main", "v1.0", COMMIT, "refs/pr/1"):
            error = "RevisionNotFound"
        if self.token and self.headers.get("Authorization") != f"Bearer {self.token}":
            error = "GatedRepo"
        if error:
            body = json.dumps({"error": error}).encode()
            status = 403 if error == "GatedRepo" else 404
            self.reply(status, body, **{"X-Error-Code": error, "Content-Type": "application/json"})
            return
        names = [str(p.relative_to(shop.folder)) for p in shop.folder.rglob("*") if p.is_file()]
        siblings = [{"rfilename": name} for name in sorted(names)]
        body = {"id": REPO, "modelId": REPO, "sha": COMMIT, "private": False, "tags": [],
                "downloads": 0, "likes": 0, "siblings": siblings}  # fmt: skip
        self.reply(200, json.dumps(body).encode(), **{"Content-Type": "application/json"})


@contextlib.contextmanager
def hub(
    folder: Path, monkeypatch: Any, fault: Fault | None = None, token: str = ""
) -> Iterator[tuple[Shop, Shop]]:
    """A hub and the server of its large files; the model is ``hf://acme/tiny``."""
    with serving(folder) as store:
        handler = type("Hub", (HubHandler,), {"cdn": store.url, "token": token})
        with serving(folder, fault, handler) as shop:
            import huggingface_hub.constants as constants

            monkeypatch.setenv("HF_ENDPOINT", shop.url)
            monkeypatch.setattr(constants, "ENDPOINT", shop.url)
            template = shop.url + "/{repo_id}/resolve/{revision}/{filename}"
            monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
            if token:
                monkeypatch.setenv("HF_TOKEN", token)
            yield shop, store


__all__ = ["BUCKET", "COMMIT", "REPO", "Front", "gcs_bucket", "hub", "quote", "s3_bucket"]
