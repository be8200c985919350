"""What an answer to a request for a range is: the range, or one of many other things."""

import http.client
import re
from email.utils import parsedate_to_datetime
from time import time

from paramctl.errors import CheckpointError
from paramctl.names import show
from paramctl.sources.remote.refusal import refusal
from paramctl.sources.remote.store import Version

_RANGE = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19})")
_BEYOND = re.compile(r"bytes \*/(\d{1,19})")
_DOWNLOAD = "download the model and give its folder"


def accept(
    answer: http.client.HTTPResponse, start: int, stop: int, where: str, hint: str = ""
) -> Version:
    """Which content the bytes of an answer belong to, once it is sure that they are the right ones.

    Args:
        start, stop: the range that was asked for; the file may end before ``stop``.
        hint: what helps where access is denied.

    Raises:
        PassingError: the server can't answer now.
        CheckpointError: it answers something else.
    """
    if answer.status != 206:
        raise _refusal(answer, where, hint)
    coding = answer.headers.get("Content-Encoding", "identity").strip().lower()
    if coding not in ("", "identity"):
        raise CheckpointError(
            f"the server sent it {show(coding)}-encoded, although it was asked for it as it is",
            where=where,
            hint=_DOWNLOAD,
        )
    text = answer.headers.get("Content-Range", "")
    match = _RANGE.fullmatch(text.strip())
    if match is None:
        said = f"'{show(text)}'" if text else "none"
        raise CheckpointError(
            f"bytes {start}-{stop - 1} were asked for, Content-Range is {said}", where=where
        )
    first, last, size = map(int, match.groups())
    if (
        first != start
        or last + 1 != min(stop, size)
        or answer.length not in (None, last + 1 - first)
    ):
        raise CheckpointError(
            f"bytes {start}-{min(stop, size) - 1} were asked for, the server sent "
            f"'{show(text)}' and {answer.length} bytes",
            where=where,
        )
    return _version(answer, size)


def beyond(answer: http.client.HTTPResponse) -> int | None:
    """The size of a file that has no byte where a range begins; ``None`` for any other answer."""
    match = _BEYOND.fullmatch(answer.headers.get("Content-Range", "").strip())
    return int(match[1]) if answer.status == 416 and match else None


def _version(answer: http.client.HTTPResponse, size: int) -> Version:
    for kind in ("ETag", "Last-Modified"):
        if answer.headers.get(kind):
            return Version(size, answer.headers[kind].strip(), kind)
    return Version(size)


def _refusal(answer: http.client.HTTPResponse, where: str, hint: str) -> Exception:
    if answer.status == 200:
        return _whole(answer, where)
    wait = _retry_after(answer)
    return refusal(answer.status, where, reason=answer.reason or "", hint=hint, wait=wait)


def _whole(answer: http.client.HTTPResponse, where: str) -> CheckpointError:
    if answer.headers.get_content_type() in ("text/html", "application/xhtml+xml"):
        return CheckpointError(
            "the server sent a web page, not the file (200)",
            where=where,
            hint="look at it in a browser: it may want a login, or be a page about the file",
        )
    return CheckpointError(
        "the server sends whole files only: it was asked for a range (200)",
        where=where,
        hint=_DOWNLOAD,
    )


def _retry_after(answer: http.client.HTTPResponse) -> float | None:
    text = answer.headers.get("Retry-After", "").strip()
    if text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time())
    except (TypeError, ValueError, OverflowError):
        return None
