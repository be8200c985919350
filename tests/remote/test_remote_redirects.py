"""Redirects are followed as far as they lead somewhere, and remembered while they hold."""

import pytest
from remote_faults import BIG, redirecting, said
from remote_servers import serving

from paramctl.sources.open import open_source


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
