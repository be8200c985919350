"""Passwords, tokens and signed queries open models and are never printed, sent on or written."""

import base64
import json
import logging

import pytest
from command import call
from remote_clouds import hub, s3_bucket
from remote_servers import serving

SECRETS = ("hidden-user", "hidden-password", "hidden-token", "hidden-signature", "hidden-key",
           "AKIASECRETNAME", base64.b64encode(b"hidden-user:hidden-password").decode())  # fmt: skip
QUERY = "?sig=hidden-signature"


def leaks(text):
    """The secrets in a text."""
    return [secret for secret in SECRETS if secret in text]


def private(url, path=""):
    """An address with a user and a signed query."""
    return url.replace("http://", "http://hidden-user:hidden-password@") + path + QUERY


VERBS = [
    ["ls"], ["ls", "--long"], ["inspect"], ["inspect", "-f", "table"], ["meta"], ["hash"],
    ["stats"], ["check"], ["check", "--values", "-v"], ["check", "-f", "sarif"],
    ["check", "-f", "junit"],
    ["lock"], ["show", "lm_head.weight[0,0]"], ["forward", "--random", "1x4"],
    ["spec", "infer"], ["report", "-o", "-"], ["ls", "no-such-tensor"],
    ["hash", "--executor", "processes:2"], ["rename", "a=b", "-n"],
]  # fmt: skip


TOLD = [["inspect"], ["check"], ["forward", "--random", "1x4"], ["ls", "no-such-tensor"]]


@pytest.mark.parametrize("words", [*VERBS, *([*words, "--json"] for words in TOLD)], ids=" ".join)
def test_no_verb_prints_a_secret(words, tour):
    count = 2 if words[0] == "spec" else 1
    with serving(tour) as shop:
        url = private(shop.url)
        done = call(*words[:count], url, *words[count:])
        assert done.code in (0, 2)
        assert leaks(done.out + done.err) == []
        assert all(ask.path.endswith(QUERY) for ask in shop.asks)
        assert all(ask.headers["Authorization"].endswith(SECRETS[-1]) for ask in shop.asks)


@pytest.mark.parametrize("status", [401, 403, 404, 200, 503])
def test_no_error_does(status, tour):
    def fault(handler, ask):
        handler.reply(status, b"hidden-token", **{"X-Echo": ask.path})
        return True

    with serving(tour, fault) as shop:
        for path in ("", "/model.safetensors", "/model.safetensors.index.json"):
            for form in ([], ["--json"], ["-vv"]):
                done = call("ls", private(shop.url, path), *form)
                assert done.code == 3
                assert leaks(done.out + done.err) == []


def test_nothing_written_holds_one(tour, tmp_path):
    with serving(tour) as shop:
        url = private(shop.url)
        edits = [
            ["init", url, "lm_head", "--scheme", "xavier"],
            ["graft", str(tour), "lm_head", "--from", url],
        ]
        for number, words in enumerate(edits):
            out = tmp_path / f"out{number}"
            done = call(*words, "--provenance", "-o", out)
            assert (done.code, leaks(done.out + done.err)) == (0, [])
            for path in out.iterdir():
                assert leaks(path.read_bytes().decode("latin-1")) == []
    recorded = call("meta", tmp_path / "out0", "--json").json["metadata"]["paramctl.inputs"]
    assert list(json.loads(recorded)) == [shop.url.rpartition("/")[2]]


def test_a_bucket_keeps_its_keys(tour, monkeypatch):
    with s3_bucket(tour, monkeypatch) as front:
        for code in ("401 X", "403 X", "404 X", "301 X", "400 X"):
            front.fault = lambda environ, number, code=code: (code, b"hidden-token")
            done = call("ls", "s3://models/m/model.safetensors", "-vv")
            assert (done.code, leaks(done.out + done.err)) == (3, [])


def test_a_token_goes_to_the_hub_and_to_nobody_else(tour, monkeypatch, caplog):
    caplog.set_level(logging.DEBUG)
    with hub(tour, monkeypatch, token="hidden-token") as (shop, store):
        done = call("stats", "hf://acme/tiny", "-v")
        assert (done.code, leaks(done.out + done.err)) == (0, [])
        asks = [ask.headers for ask in shop.asks if "acme/tiny" in ask.path]
        tokens = {headers.get("Authorization", headers.get("authorization")) for headers in asks}
        assert tokens == {"Bearer hidden-token"}
        assert all("authorization" not in str(ask.headers).lower() for ask in store.asks)
    assert leaks(caplog.text) == []


def test_credentials_stay_with_their_host(tour):
    with serving(tour) as other:

        def fault(handler, ask):
            name = ask.path.partition("?")[0]
            handler.reply(302, Location=f"{other.url}{name}?X-Amz-Signature=hidden-signature")
            return True

        with serving(tour, fault) as shop:
            done = call("hash", private(shop.url))
            assert (done.code, leaks(done.out + done.err)) == (0, [])
            assert all("Authorization" in ask.headers for ask in shop.asks)
        assert other.asks
        assert all("Authorization" not in ask.headers for ask in other.asks)


def test_the_netrc_gives_a_user_to_its_host(tour, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login hidden-user password hidden-password\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with serving(tour) as shop:
        assert call("ls", shop.url).code == 0
        assert all(ask.headers["Authorization"].endswith(SECRETS[-1]) for ask in shop.asks)
    netrc.write_text("machine example.org login a password b\n")
    with serving(tour) as shop:
        assert call("ls", shop.url).code == 0
        assert all("Authorization" not in ask.headers for ask in shop.asks)


@pytest.mark.parametrize(
    "words",
    [
        ["inspect", "URL/spec.yaml"],
        ["forward", "TOUR", "--input", "input_ids=URL/x.npy"],
        ["forward", "TOUR", "--random", "1x4", "--expect", "URL/x.safetensors"],
        ["drop", "TOUR", "lm_head", "-o", "URL/out"],
        ["diff", "TOUR", "URL"],
        ["hash", "TOUR", "--verify", "URL/manifest"],
        ["apply", "URL/recipe.yaml", "TOUR", "-n"],
        ["ls", "hf://hidden-user:hidden-password@acme/x?token=hidden-token"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_an_address_in_the_wrong_place_is_not_told_either(words, form, tour):
    url = "http://hidden-user:hidden-password@127.0.0.1:1"
    query = "" if words[-1].endswith(".yaml") else QUERY
    filled = [word.replace("URL", url).replace("TOUR", str(tour)) for word in words]
    filled = [f"{word}{query}" if url in word else word for word in filled]
    done = call(*filled, *form)
    assert done.code in (2, 3, 4)
    assert done.err
    assert leaks(done.out + done.err) == []
