"""Answers that go wrong on purpose, and what a command says of them."""

from command import expect
from remote_servers import serving

BIG = bytes(range(256)) * 2048


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


def redirecting(to, status=302):
    """A fault that sends whoever asks for ``/m.safetensors`` elsewhere."""

    def fault(handler, ask):
        if ask.path != "/m.safetensors":
            return False
        handler.reply(status, Location=to)
        return True

    return fault
