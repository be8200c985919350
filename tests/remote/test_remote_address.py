"""What an address means, and what of it is ever printed."""

import pytest
from command import expect

from paramctl.errors import CheckpointError, UsageError
from paramctl.sources.address import Address, is_url, shown
from paramctl.sources.open import open_source
from paramctl.sources.remote.http.link import parse_link


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("https://host/a/b.safetensors", "https://host/a/b.safetensors"),
        ("https://me:secret@host:8/a?sig=secret#part", "https://host:8/a?…"),
        ("https://me:se@cret@host/a", "https://host/a"),
        ("https://host?sig=secret", "https://host?…"),
        ("s3://KEY:secret@bucket/a", "s3://bucket/a"),
        ("hf://org/name@main/sub", "hf://org/name@main/sub"),
        ("HTTPS://me@host/\x1b[31m", "HTTPS://host/\\x1b[31m"),
        ("model/a?b", "model/a?b"),
    ],
)
def test_an_address_is_printed_without_what_opens_it(text, printed):
    assert shown(text) == printed


@pytest.mark.parametrize("text", ["https://h/a", "hf://o/n", "ftp://h", "S3://b"])
def test_a_scheme_makes_an_address(text):
    assert is_url(text)


@pytest.mark.parametrize("text", ["a/b", "./https://x", "-", "C:/x", "://x", "1a://x"])
def test_anything_else_is_a_path(text):
    assert not is_url(text)


def test_a_file_of_a_folder_keeps_the_query():
    folder = Address("https://me:pw@h/m/?sig=1")
    file = folder / "a.safetensors"
    assert file.text == "https://me:pw@h/m/a.safetensors?sig=1"
    assert (file.name, str(file.parent), str(file)) == (
        "a.safetensors",
        "https://h/m?…",
        "https://h/m/a.safetensors?…",
    )
    assert "pw" not in repr(file)


@pytest.mark.parametrize("text", ["https://", "https:///a", "https://h:x/a", "http://[::1/a"])
def test_no_address_is_an_error_of_usage(text):
    with pytest.raises(UsageError, match="no valid address"):
        open_source(text)


def test_other_schemes_are_named():
    assert expect(2, "ls", "ftp://me:pw@host/m").err == (
        "paramctl: ftp://host/m: no address of a model begins with ftp://\n"
        "hint: it may begin with https://, http://, hf://, s3://, gs://, or be a path\n"
    )


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("hf://gpt2", "hf://ORG/NAME[@REVISION][/PATH]"),
        ("hf://datasets/a/b", "hf://ORG/NAME[@REVISION][/PATH]"),
        ("s3://", "s3://BUCKET/PATH"),
        ("gs://b/a?x=1", "gs://BUCKET/PATH"),
    ],
)
def test_an_address_of_the_wrong_form_says_the_right_one(text, wanted):
    with pytest.raises((UsageError, CheckpointError)) as caught:
        open_source(text)
    assert str(caught.value) == f"{shown(text)}: wanted {wanted}"


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("http://h/a b/ü?x=a b", "/a%20b/%C3%BC?x=a%20b"),
        ("http://h/a%20b?x=%2F", "/a%20b?x=%2F"),
        ("http://h", "/"),
        ("http://h/\r\nHost: evil", "/Host:%20evil"),
    ],
)
def test_what_is_asked_for_is_quoted(text, target):
    assert parse_link(text).target == target
