"""What a status means in words, the same for whoever answers: what may pass and what doesn't."""

from paramctl.errors import CheckpointError, MissingError
from paramctl.names import show
from paramctl.sources.remote.store import PassingError, Version

_PASSING = {
    408: "gave up waiting", 429: "is asked too often", 500: "failed", 502: "failed",
    503: "is busy", 504: "failed",
}  # fmt: skip


def refusal(
    status: int, where: str, *, reason: str = "", hint: str = "", wait: float | None = None
) -> Exception:
    """The error for an answer that is no content.

    Args:
        hint: what helps where access is denied.
        wait: seconds that the server asks for.
    """
    if status in _PASSING:
        return PassingError(f"the server {_PASSING[status]} ({status})", wait=wait)
    if status in (404, 410):
        return MissingError(f"no such file ({status})", where=where)
    problem, advice = {
        401: ("the server wants to know who asks (401)", hint),
        403: ("the server forbids it (403)", hint),
        407: ("the proxy wants to know who asks (407)", "put the user into https_proxy"),
        412: ("the file changed while it was read (412)", ""),
        416: ("the file ends before the range that was asked for (416)", ""),
    }.get(status, (f"the server answers {status} {show(reason)}".rstrip(), ""))
    return CheckpointError(problem, where=where, hint=advice)


def check_same(wanted: Version, found: Version, where: str) -> None:
    """Make sure that a file is still the one that was first seen.

    Raises:
        CheckpointError: it isn't.
    """
    if wanted.size != found.size:
        problem = f"it was {wanted.size} bytes and is {found.size} now"
    elif (wanted.kind, wanted.tag) != (found.kind, found.tag):
        was, now = show(wanted.tag) or "none", show(found.tag) or "none"
        problem = f"its {wanted.kind or found.kind} was {was} and is {now} now"
    else:
        return
    raise CheckpointError(f"the file changed while it was read: {problem}", where=where)
