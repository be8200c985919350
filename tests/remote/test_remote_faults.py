"""What can go wrong on the way: what passes is tried again, all else has words of its own."""

import gzip
import re
import socket
import threading

import pytest
import spell
from command import call, expect, spawn
from remote_servers import serving

from paramctl.errors import CheckpointError
from paramctl.sources.open import open_source
from paramctl.sources.remote import persist
from paramctl.sources.remote.http import wire

BIG = bytes(range(256)) * 2048


@pytest.fixture
def folder(tmp_path):
    """``m.safetensors``, larger than the first request."""
    (tmp_path / "m.safetensors").write_bytes(spell.checkpoint({"a": ("U8", [len(BIG)], BIG)}))
    return tmp_path


def first(count):
    """For a fault: whether this is one of the first so many requests for the model."""
    seen = []

    def is_early(ask):
        if "m.safetensors" in ask.path:
            seen.append(ask)
        return "m.safetensors" in ask.path and len(seen) <= count

    return is_early


def said(folder, fault, path="m.safetensors"):
    """The error of ``ls``, with the server's address as URL and HOST."""
    with serving(folder, fault) as shop:
        done = expect(3, "ls", f"{shop.url}/{path}")
        host = shop.url.removeprefix("http://")
        return done.err.replace(shop.url, "URL").replace(host, "HOST")


def answering(status, body=b"", **headers):
    """A fault that answers every request for the model so."""

    def fault(handler, ask):
        if "m.safetensors" not in ask.path:
            return False
        handler.reply(status, body, **{k.replace("_", "-"): v for k, v in headers.items()})
        return True

    return fault


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (401, "the server wants to know who asks (401)\nhint: give a user: "
              "https://USER:PASSWORD@HOST/…, or an entry in ~/.netrc\n"),
        (403, "the server forbids it (403)\nhint: give a user: https://USER:PASSWORD@HOST/…, "
              "or an entry in ~/.netrc\n"),
        (404, "no such file (404)\n"),
        (410, "no such file (410)\n"),
        (416, "the file ends before the range that was asked for (416)\n"),
        (418, "the server answers 418 I'm a Teapot\n"),
    ],
)  # fmt: skip
def test_what_can_not_pass_is_asked_once(folder, status, text):
    asks = []

    def fault(handler, ask):
        asks.extend([ask] * ("m.safetensors" in ask.path))
        return answering(status)(handler, ask)

    assert said(folder, fault) == f"paramctl: URL/m.safetensors: {text}"
    assert len(asks) == 1


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_may_pass_is_asked_again(folder, status):
    is_early = first(3)

    def fault(handler, ask):
        return is_early(ask) and answering(status)(handler, ask)

    with serving(folder, fault) as shop:
        expect(0, "ls", f"{shop.url}/m.safetensors")


def test_five_tries_are_enough(folder):
    assert said(folder, answering(503)) == (
        "paramctl: URL/m.safetensors: the server is busy (503), 5 times in a row\n"
        "hint: try again later\n"
    )


def test_a_wait_that_is_asked_for_is_kept(folder, monkeypatch):
    waits = []

    def before(patience, failures, error):
        waits.append(error.wait)
        return 0

    is_early = first(2)

    def fault(handler, ask):
        return is_early(ask) and answering(429, Retry_After="7")(handler, ask)

    monkeypatch.setattr(persist.Patience, "before", before)
    with serving(folder, fault) as shop:
        expect(0, "ls", f"{shop.url}/m.safetensors")
    assert waits == [7.0, 7.0]


def test_a_wait_of_hours_is_a_no(folder):
    text = said(folder, answering(429, Retry_After="Fri, 01 Jan 2100 00:00:00 GMT"))
    assert re.fullmatch(
        r"paramctl: URL/m.safetensors: the server is asked too often \(429\), and asks to wait \d+ "
        r"seconds\nhint: try again then\n",
        text,
    )


def test_pauses_double_and_differ():
    patience, error = persist.Patience(), persist.PassingError("x")
    for failures in range(1, 5):
        pauses = {patience.before(failures, error) for _ in range(20)}
        assert len(pauses) > 1
        assert all(0.75 <= pause / (0.5 * 2 ** (failures - 1)) <= 1.25 for pause in pauses)


def cutting(after, times):
    """A fault that breaks off answers to readings of values behind so many bytes."""
    seen = []

    def fault(handler, ask):
        if ask.start == 0 or len(seen) >= times:
            return False
        seen.append(ask)
        path = handler.server.shop.folder / "m.safetensors"
        content = path.read_bytes()
        stop = min(ask.stop, len(content))
        tag = f'"{path.stat().st_mtime_ns:x}-{len(content):x}"'
        handler.send_response(206)
        handler.send_header("Content-Length", str(stop - ask.start))
        handler.send_header("Content-Range", f"bytes {ask.start}-{stop - 1}/{len(content)}")
        handler.send_header("ETag", tag)
        handler.end_headers()
        handler.wfile.write(content[ask.start : ask.start + after])
        handler.cut()
        return True

    return fault, seen


def test_a_connection_that_breaks_is_taken_up_where_it_broke(folder, monkeypatch):
    monkeypatch.setattr("paramctl.sources.remote.http.web._PIECE", 1000)
    fault, seen = cutting(100_000, 3)
    with serving(folder, fault) as shop, open_source(f"{shop.url}/m.safetensors") as source:
        assert source.raw("a") == BIG
    assert [ask.start - seen[0].start for ask in seen] == [0, 100_000, 200_000]


def test_one_that_breaks_again_and_again_is_an_error(folder):
    fault, _ = cutting(1000, 99)
    with serving(folder, fault) as shop, open_source(f"{shop.url}/m.safetensors") as source:
        with pytest.raises(CheckpointError) as caught:
            source.raw("a")
        assert re.fullmatch(
            r"/m.safetensors: a: the connection broke after \d+ of \d+ bytes, 5 times in a row",
            str(caught.value).removeprefix(shop.url),
        )


def test_a_server_that_hangs_up_between_requests_is_called_again(folder):
    def fault(handler, ask):
        handler.close_connection = True  # without a word: as a server does that has waited
        handler.give(handler.server.shop.folder / "m.safetensors", ask.start, ask.stop)
        return True

    with serving(folder, fault) as shop, open_source(f"{shop.url}/m.safetensors") as source:
        assert source.raw("a") == BIG
        assert source.raw("a", 200_000, 300_000) == BIG[200_000:300_000]


@pytest.mark.parametrize("way", ["etag", "size", "shorter"])
def test_content_that_changes_while_it_is_read_is_an_error(folder, way):
    path = folder / "m.safetensors"
    with serving(folder) as shop:
        shop.tags["m.safetensors"] = '"one"'
        with open_source(f"{shop.url}/m.safetensors") as source:
            if way == "etag":
                shop.tags["m.safetensors"] = '"two"'
                problem = 'its ETag was "one" and is "two" now'
            else:
                size = path.stat().st_size
                content = path.read_bytes()
                path.write_bytes(content + b"x" if way == "size" else content[:1000])
                now = size + 1 if way == "size" else 1000
                problem = f"it was {size} bytes and is {now} now"
            with pytest.raises(CheckpointError) as caught:
                source.raw("a")
    assert str(caught.value) == (
        f"{shop.url}/m.safetensors: a: the file changed while it was read: {problem}"
    )


def test_a_change_under_way_leaves_no_output(folder, tmp_path):
    out = tmp_path / "out.safetensors"

    def fault(handler, ask):
        if ask.start:
            handler.server.shop.tags["m.safetensors"] = '"other"'
        return False

    with serving(folder, fault) as shop:
        done = expect(3, "rename", f"{shop.url}/m.safetensors", "a=b", "-o", out)
    assert "the file changed while it was read: its ETag was" in done.err
    assert not out.exists()


def test_a_server_without_ranges_is_told_from_one_with_a_web_page(folder):
    whole = (folder / "m.safetensors").read_bytes()
    assert said(folder, answering(200, whole)) == (
        "paramctl: URL/m.safetensors: the server sends whole files only: it was asked for a range "
        "(200)\nhint: download the model and give its folder\n"
    )
    page = answering(200, b"<html>", Content_Type="text/html; charset=utf-8")
    assert said(folder, page) == (
        "paramctl: URL/m.safetensors: the server sent a web page, not the file (200)\n"
        "hint: look at it in a browser: it may want a login, or be a page about the file\n"
    )


@pytest.mark.parametrize(
    ("sent", "length", "text"),
    [
        ("bytes 5-98308/524360", 98304, "bytes 0-98303 were asked for, the server sent "
         "'bytes 5-98308/524360' and 98304 bytes"),
        ("bytes 0-98303/524360", 1, "bytes 0-98303 were asked for, the server sent "
         "'bytes 0-98303/524360' and 1 bytes"),
        ("bytes 0-98303/*", 98304, "bytes 0-98303 were asked for, Content-Range is "
         "'bytes 0-98303/*'"),
        (None, 98304, "bytes 0-98303 were asked for, Content-Range is none"),
    ],
)  # fmt: skip
def test_another_range_than_the_one_asked_for_is_an_error(folder, sent, length, text):
    headers = {"Content_Range": sent} if sent else {}
    fault = answering(206, b"x" * length, **headers)
    assert said(folder, fault) == f"paramctl: URL/m.safetensors: {text}\n"


def test_bytes_that_are_packed_on_the_way_are_refused(folder):
    body = gzip.compress(b"x" * 98304)
    fault = answering(206, body, Content_Encoding="gzip", Content_Range="bytes 0-98303/524360")
    assert said(folder, fault) == (
        "paramctl: URL/m.safetensors: the server sent it gzip-encoded, although it was asked for "
        "it as it is\nhint: download the model and give its folder\n"
    )
    with serving(folder) as shop:
        expect(0, "ls", f"{shop.url}/m.safetensors")
        assert shop.asks[0].headers["Accept-Encoding"] == "identity"


def test_an_empty_file_is_called_empty(tmp_path):
    (tmp_path / "m.safetensors").write_bytes(b"")
    assert said(tmp_path, None) == (
        "paramctl: URL/m.safetensors: the file is empty\n"
        "hint: the file was never written completely: copy or download it again\n"
    )


def test_a_pickle_behind_an_address_is_called_one(tmp_path):
    (tmp_path / "m.safetensors").write_bytes(b"\x80\x02}q\x00." * 20)
    assert said(tmp_path, None).startswith(
        "paramctl: URL/m.safetensors: this is a pickle (PyTorch .pt, .pth, .bin)\n"
    )


def redirecting(to, status=302):
    """A fault that sends whoever asks for ``/m.safetensors`` elsewhere."""

    def fault(handler, ask):
        if ask.path != "/m.safetensors":
            return False
        handler.reply(status, Location=to)
        return True

    return fault


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed_and_remembered(folder, status):
    (folder / "elsewhere").write_bytes((folder / "m.safetensors").read_bytes())
    with serving(folder, redirecting("/elsewhere", status)) as shop:
        with open_source(f"{shop.url}/m.safetensors") as source:
            assert source.raw("a") == BIG
        paths = [ask.path for ask in shop.asks if "config" not in ask.path]
    assert paths == ["/m.safetensors", "/elsewhere", "/elsewhere"]


def test_a_redirect_that_no_longer_holds_is_asked_for_again(folder):
    (folder / "old").write_bytes((folder / "m.safetensors").read_bytes())
    (folder / "new").write_bytes((folder / "m.safetensors").read_bytes())

    with serving(folder, redirecting("/old")) as shop:
        shop.tags.update({"old": '"same"', "new": '"same"'})
        with open_source(f"{shop.url}/m.safetensors") as source:
            (folder / "old").unlink()
            shop.fault = redirecting("/new")
            assert source.raw("a") == BIG


@pytest.mark.parametrize(
    ("to", "text"),
    [
        ("/m.safetensors", "the server redirects in a circle"),
        ("ftp://example.org/m", "the server redirects to no address that could be read"),
        ("/gone?token=hidden", "redirected to URL/gone?…: no such file (404)"),
    ],
)
def test_a_redirect_to_nowhere_is_an_error(folder, to, text):
    assert said(folder, redirecting(to)) == f"paramctl: URL/m.safetensors: {text}\n"


def test_redirects_without_end_are_an_error(folder):
    def fault(handler, ask):
        handler.reply(302, Location=f"{ask.path}x")
        return "m.safetensors" in ask.path

    assert said(folder, fault) == (
        "paramctl: URL/m.safetensors: the server redirects more than 10 times\n"
    )


def test_a_redirect_to_a_login_says_where_it_led(folder):
    def fault(handler, ask):
        if ask.path.startswith("/login"):
            handler.reply(200, b"<html>", **{"Content-Type": "text/html"})
            return True
        return redirecting("/login?next=m")(handler, ask)

    assert said(folder, fault) == (
        "paramctl: URL/m.safetensors: redirected to URL/login?…: the server sent a web page, not "
        "the file (200)\n"
        "hint: look at it in a browser: it may want a login, or be a page about the file\n"
    )


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
    monkeypatch.setattr("paramctl.sources.remote.http.web.IDLE", idle)
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


@pytest.fixture
def certificate(tmp_path):
    """A certificate for 127.0.0.1 that nobody trusts, with its key."""
    import datetime
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    days = [datetime.datetime(year, 1, 1, tzinfo=datetime.UTC) for year in (2020, 2200)]
    home = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(days[0]).not_valid_after(days[1])
        .add_extension(home, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = serialization.Encoding.PEM
    file = tmp_path / "both.pem"
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(made.public_bytes(pem) + secret)
    return file


def test_a_certificate_is_verified(folder, certificate):
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with serving(folder, secure=context) as shop:
        url = f"{shop.url}/m.safetensors"
        done = spawn("ls", url)
        host = shop.url.removeprefix("https://")
        assert (done.code, done.err) == (
            3,
            f"paramctl: {url}: the certificate of {host} is not trusted: self-signed certificate\n"
            "hint: SSL_CERT_FILE names a file of further certificates to trust\n",
        )
        trusting = spawn("hash", url, env={"SSL_CERT_FILE": str(certificate)})
    assert (trusting.code, trusting.err) == (0, "")


def test_a_redirect_from_https_to_http_is_refused(folder, certificate, monkeypatch):
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with serving(folder) as plain:
        fault = redirecting(f"{plain.url}/m.safetensors")
        with serving(folder, fault, secure=context) as shop:
            done = spawn("ls", f"{shop.url}/m.safetensors", env={"SSL_CERT_FILE": str(certificate)})
    assert done.code == 3
    assert done.err == (
        f"paramctl: {shop.url}/m.safetensors: the server redirects from https to "
        f"{plain.url}/m.safetensors, where anybody could listen\n"
    )


def test_a_proxy_is_asked_as_the_environment_says(folder, monkeypatch):
    with serving(folder) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url.replace("http://", "http://me:hidden@"))

        def fault(handler, ask):
            handler.path = ask.path.removeprefix("http://models.example")
            handler.give(handler.server.shop.folder / "m.safetensors", ask.start, ask.stop)
            return True

        proxy.fault = fault
        expect(0, "ls", "http://models.example/m.safetensors")
        ask = proxy.asks[0]
        assert ask.path == "http://models.example/m.safetensors"
        assert ask.headers["Proxy-Authorization"] == "Basic bWU6aGlkZGVu"
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        with serving(folder) as shop:
            expect(0, "ls", f"{shop.url}/m.safetensors")


def test_check_tells_what_it_could_not_read(folder):
    with serving(folder, answering(403)) as shop:
        done = call("check", f"{shop.url}/m.safetensors", "--json")
    assert done.code == 3
    assert done.json["findings"][0]["message"] == "the server forbids it (403)"


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
