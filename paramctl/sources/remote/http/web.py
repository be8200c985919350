"""Files behind http and https: ranges of them, redirects followed, credentials kept at home."""

import http.client
import threading
from collections.abc import Callable

from paramctl.errors import CheckpointError, MissingError
from paramctl.names import show
from paramctl.sources.address import Address
from paramctl.sources.remote.http.answer import accept, beyond
from paramctl.sources.remote.http.credentials import authorization
from paramctl.sources.remote.http.link import Link, parse_link
from paramctl.sources.remote.http.trouble import explained
from paramctl.sources.remote.http.wire import Switchboard
from paramctl.sources.remote.refusal import check_same
from paramctl.sources.remote.store import PassingError, Version

_REDIRECTS = (301, 302, 303, 307, 308)
_MOST_REDIRECTS = 10
_PIECE = 1 << 20
_WHO = "put USER:PASSWORD@ in front of the host, or an entry for it into ~/.netrc"


class Web:
    """Files of one origin; a redirect may lead elsewhere, but takes no credentials along."""

    def __init__(
        self,
        link_of: Callable[[str], str],
        at: Callable[[str], Address],
        token: str = "",
        hint: str = _WHO,
    ) -> None:
        """Ask nobody yet.

        Args:
            link_of: the URL of a file.
            at: what a file is called in messages.
            token: the ``Authorization`` where it doesn't follow from the URL.
            hint: what helps where access is denied.
        """
        self._link_of, self.at, self._token, self._hint = link_of, at, token, hint
        self._lines = Switchboard()
        self._ends: dict[str, Link] = {}  # where redirects led, until they no longer do
        self._credentials: dict[tuple[str, str, int], str] = {}
        self._lock = threading.Lock()

    def names(self) -> list[str] | None:
        """Nobody can tell: HTTP has no word for a folder."""
        return None

    def first(self, name: str, count: int) -> tuple[bytes, Version]:
        """The first bytes of a file, and which content this is.

        Raises:
            MissingError: there is no such file.
            PassingError, CheckpointError: it can't be read now, or at all.
        """
        where = show(str(self.at(name)))
        answer, link = self._ask(name, 0, count, where)
        if beyond(answer) == 0:
            self._lines.hang_up(link)
            return b"", Version(0)
        version = self._accepted(answer, link, 0, count, where)
        data = bytearray(min(count, version.size))
        self._receive(answer, link, memoryview(data))
        return bytes(data), version

    def fill(self, name: str, view: memoryview, position: int, version: Version) -> None:
        """Fill the view with the bytes from ``position`` on, if the content is still that.

        Raises:
            PassingError, CheckpointError: it can't be read now, or at all.
        """
        where, stop = show(str(self.at(name))), position + len(view)
        answer, link = self._ask(name, position, stop, where)
        size = beyond(answer)
        if size is not None:
            self._lines.hang_up(link)
            check_same(version, Version(size, version.tag, version.kind), where)
        found = self._accepted(answer, link, position, stop, where)
        try:
            check_same(version, found, where)
        except CheckpointError:
            self._lines.hang_up(link)
            raise
        self._receive(answer, link, view)

    def close(self) -> None:
        """Hang up."""
        self._lines.close()

    def _accepted(
        self, answer: http.client.HTTPResponse, link: Link, start: int, stop: int, where: str
    ) -> Version:
        try:
            return accept(answer, start, stop, where, self._hint)
        except (PassingError, CheckpointError):
            self._lines.hang_up(link)  # what else it sends is not worth reading
            raise

    def _ask(
        self, name: str, start: int, stop: int, where: str
    ) -> tuple[http.client.HTTPResponse, Link]:
        """The answer to a request for a range, from where redirects end."""
        home = parse_link(self._link_of(name))
        known = self._ends.get(name)
        if known is not None:
            answer = self._get(known, home, start, stop, where)
            if answer.status not in (401, 403, 404, 410, *_REDIRECTS):
                return answer, known
            self._lines.hang_up(known)  # such addresses last an hour or so
            self._ends.pop(name, None)
        link, seen = home, set()
        while True:
            answer = self._get(link, home, start, stop, where)
            if answer.status not in _REDIRECTS:
                break
            self._lines.hang_up(link)
            seen.add(link)
            link = self._next(link, answer.headers.get("Location", ""), where)
            if link in seen or len(seen) > _MOST_REDIRECTS:
                how = "in a circle" if link in seen else f"more than {_MOST_REDIRECTS} times"
                raise CheckpointError(f"the server redirects {how}", where=where)
        if link != home and answer.status == 206:
            self._ends[name] = link
        if link != home:
            self._tell_redirect(answer, link, start, stop, where)
        return answer, link

    def _next(self, link: Link, location: str, where: str) -> Link:
        target = link.to(location)
        if target is None:
            raise CheckpointError(
                "the server redirects to no address that could be read", where=where
            )
        if link.scheme == "https" and target.scheme != "https":
            raise CheckpointError(
                f"the server redirects from https to {target.place}, where anybody could listen",
                where=where,
            )
        return target.anonymous()

    def _tell_redirect(
        self, answer: http.client.HTTPResponse, link: Link, start: int, stop: int, where: str
    ) -> None:
        """Have an error say where a redirect led.

        Raises:
            CheckpointError: the answer there is none that may pass.
        """
        if answer.status == 206 or beyond(answer) is not None:
            return
        try:
            accept(answer, start, stop, where, self._hint)
        except CheckpointError as error:
            self._lines.hang_up(link)
            kind = MissingError if isinstance(error, MissingError) else CheckpointError
            raise kind(
                f"redirected to {link.place}: {error.problem}", where=where, hint=error.hint
            ) from None
        except PassingError:
            return

    def _get(
        self, link: Link, home: Link, start: int, stop: int, where: str
    ) -> http.client.HTTPResponse:
        headers = {
            "User-Agent": "paramctl",
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            "Range": f"bytes={start}-{stop - 1}",
        }
        token = self._authorization(home) if link.origin == home.origin else ""
        if token:
            headers["Authorization"] = token
        try:
            line = self._lines.line(link)
            was_kept = not line.is_fresh
            try:
                return line.get(link, headers, stop - start)
            except (ConnectionError, http.client.BadStatusLine):
                if not was_kept:
                    raise
                self._lines.hang_up(link)  # the server has closed it while nobody was asking
                return self._lines.line(link).get(link, headers, stop - start)
        except (OSError, http.client.HTTPException) as error:
            self._lines.hang_up(link)
            raise explained(error, link, where) from error

    def _receive(self, answer: http.client.HTTPResponse, link: Link, view: memoryview) -> None:
        done = 0
        try:
            while done < len(view):
                count = answer.readinto(view[done : done + _PIECE])
                if not count:
                    raise ConnectionResetError
                done += count
            if not answer.isclosed():
                answer.read(1)  # the end of a body in chunks, and nothing else
        except (OSError, http.client.HTTPException) as error:
            self._lines.hang_up(link)
            problem = f"the connection broke after {done} of {len(view)} bytes"
            if isinstance(error, TimeoutError):
                problem = f"the answer stopped after {done} of {len(view)} bytes"
            raise PassingError(problem, done=done) from error
        if answer.isclosed():
            self._lines.free(link)
        else:
            self._lines.hang_up(link)  # it sends on, unasked

    def _authorization(self, home: Link) -> str:
        if self._token:
            return self._token
        with self._lock:
            if home.origin not in self._credentials:
                self._credentials[home.origin] = authorization(home)
            return self._credentials[home.origin]
