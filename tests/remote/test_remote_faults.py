"""What can go wrong on the way: what passes is tried again, all else has words of its own."""

import gzip
import re

import pytest
from command import call, expect
from remote_faults import BIG, answering, said
from remote_servers import serving

from paramctl.errors import CheckpointError
from paramctl.sources.open import open_source
from paramctl.sources.remote import persist


def first(count):
    """For a fault: whether this is one of the first so many requests for the model."""
    seen = []

    def is_early(ask):
        if "m.safetensors" in ask.path:
            seen.append(ask)
        return "m.safetensors" in ask.path and len(seen) <= count

    return is_early


WHO = "\nhint: put USER:PASSWORD@ in front of the host, or an entry for it into ~/.netrc"


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (401, f"the server wants to know who asks (401){WHO}"),
        (403, f"the server forbids it (403){WHO}"),
        (404, "no such file (404)"),
        (410, "no such file (410)"),
        (416, "the file ends before the range that was asked for (416)"),
        (418, "the server answers 418 I'm a Teapot"),
    ],
)
def test_what_can_not_pass_is_asked_once(folder, status, text):
    asks = []

    def fault(handler, ask):
        asks.extend([ask] * ("m.safetensors" in ask.path))
        return answering(status)(handler, ask)

    assert said(folder, fault) == f"paramctl: URL/m.safetensors: {text}\n"
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


def test_check_tells_what_it_could_not_read(folder):
    with serving(folder, answering(403)) as shop:
        done = call("check", f"{shop.url}/m.safetensors", "--json")
    assert done.code == 3
    assert done.json["findings"][0]["message"] == "the server forbids it (403)"
