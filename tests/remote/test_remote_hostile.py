"""A server that means harm can neither hold anybody up nor fill the memory."""

import socket
import threading

import pytest
from command import expect
from remote_faults import BIG
from remote_servers import serving

from paramctl.sources.open import open_source
from paramctl.sources.remote import persist
from paramctl.sources.remote.http import wire


def talking(write):
    """The address of a server that answers a first request with whatever it wants."""
    listener = socket.create_server(("127.0.0.1", 0))

    def talk():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                try:
                    write(connection)
                except OSError:
                    continue

    threading.Thread(target=talk, daemon=True).start()
    return listener, f"http://127.0.0.1:{listener.getsockname()[1]}"


def endless(connection):
    connection.sendall(b"HTTP/1.1 206 Partial Content\r\n")
    while True:
        connection.sendall(b"X-Header: " + b"x" * 60_000 + b"\r\n")


def garbage(connection):
    connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n" * 10)


@pytest.mark.parametrize(
    ("write", "text"),
    [
        (endless, "no HTTP: got more than 100 headers"),
        (garbage, "no HTTP: SSH-2.0-OpenSSH_9.6\n"),
    ],
)
def test_an_answer_that_is_no_http_is_an_error(write, text):
    listener, url = talking(write)
    with listener:
        done = expect(3, "ls", f"{url}/m.safetensors")
    assert done.err.startswith(f"paramctl: {url}/m.safetensors: the answer of ")
    assert text in done.err


def drip(connection):
    connection.sendall(b"HTTP/1.1 206 Partial Content\r\nX-")
    closed = threading.Event()
    while not closed.wait(0.01):
        connection.sendall(b"x")


def silence(connection):
    connection.recv(1)


@pytest.mark.parametrize(
    ("write", "idle", "whole", "text"),
    [
        (drip, 5, 0.1, "sends its answer too slowly, 2 times in a row"),
        (silence, 0.05, 5, "does not answer within 0 seconds, 2 times in a row"),
    ],
)
def test_a_server_can_not_hold_anybody_up(write, idle, whole, text, monkeypatch):
    monkeypatch.setattr(wire, "PATIENCE", whole)
    monkeypatch.setattr(wire, "SLOWEST", 1e12)
    monkeypatch.setattr(wire, "IDLE", idle)
    monkeypatch.setattr("paramctl.sources.remote.http.trouble.IDLE", idle)
    monkeypatch.setattr(persist, "PATIENCE", persist.Patience(tries=2, pause=0.001))
    listener, url = talking(write)
    with listener:
        done = expect(3, "ls", f"{url}/m.safetensors")
    assert text in done.err


def test_an_index_without_end_is_refused_unread(tmp_path):
    with (tmp_path / "model.safetensors.index.json").open("wb") as file:
        file.truncate(1 << 30)
    with serving(tmp_path) as shop:
        done = expect(3, "ls", f"{shop.url}/model.safetensors.index.json")
        assert shop.sent < 100_000
    assert "a file of 1073741824 bytes is refused, the limit is 67108864" in done.err


def test_a_host_that_is_not_there_is_said_to_be():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    url = f"http://127.0.0.1:{port}/m.safetensors"
    assert expect(3, "ls", url).err == (
        f"paramctl: {url}: 127.0.0.1:{port} refuses the connection\n"
    )


def chunked(handler, ask, extra=b""):
    """A range in chunks, without its length in front."""
    content = (handler.server.shop.folder / "m.safetensors").read_bytes()
    part = content[ask.start : ask.stop]
    handler.send_response(206)
    stop = ask.start + len(part)
    handler.send_header("Content-Range", f"bytes {ask.start}-{stop - 1}/{len(content)}")
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    for data in (part, extra, b""):
        if data or not extra:
            handler.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")


def test_a_range_in_chunks_is_a_range(folder):
    def fault(handler, ask):
        if "m.safetensors" in ask.path:
            chunked(handler, ask)
        return "m.safetensors" in ask.path

    with serving(folder, fault) as shop, open_source(f"{shop.url}/m.safetensors") as source:
        assert source.raw("a") == BIG


def test_what_comes_behind_a_range_is_not_read(folder):
    def fault(handler, ask):
        if "m.safetensors" not in ask.path:
            return False
        chunked(handler, ask, b"x" * 100_000)
        while not handler.wfile.closed:  # and so on, until nobody listens
            handler.wfile.write(b"186a0\r\n" + b"x" * 100_000 + b"\r\n")
        return True

    with serving(folder, fault) as shop, open_source(f"{shop.url}/m.safetensors") as source:
        assert source.raw("a") == BIG
