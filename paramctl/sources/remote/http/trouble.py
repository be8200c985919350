"""What keeps a request from being answered at all: names, connections, certificates, proxies."""

import http.client
import socket

from paramctl.errors import CheckpointError
from paramctl.names import show
from paramctl.sources.remote.http.link import Link
from paramctl.sources.remote.http.wire import IDLE, LateError
from paramctl.sources.remote.store import PassingError


def explained(error: Exception, link: Link, where: str) -> Exception:
    """What kept a request from being answered, as an error that passes or doesn't.

    Args:
        link: what was asked for.
        where: the file, for messages.
    """
    place = link.authority
    if isinstance(error, socket.gaierror):
        if error.errno == socket.EAI_AGAIN:
            return PassingError(f"the name {place} can't be looked up now")
        return CheckpointError(f"there is no host {place}", where=where)
    if isinstance(error, LateError):
        return PassingError(f"{place} sends its answer too slowly")
    if isinstance(error, TimeoutError):
        return PassingError(f"{place} does not answer within {IDLE:.0f} seconds")
    if type(error).__name__ == "SSLCertVerificationError":
        reason = getattr(error, "verify_message", "") or "it can't be verified"
        return CheckpointError(
            f"the certificate of {place} is not trusted: {show(reason)}",
            where=where,
            hint="SSL_CERT_FILE names a file of further certificates to trust",
        )
    if isinstance(error, ConnectionRefusedError):
        return CheckpointError(f"{place} refuses the connection", where=where)
    if isinstance(error, ConnectionError | http.client.RemoteDisconnected):
        return PassingError(f"{place} broke the connection")
    if isinstance(error, http.client.HTTPException):
        text = show(str(error).strip()) or type(error).__name__
        return CheckpointError(f"the answer of {place} is no HTTP: {text}", where=where)
    if str(error).startswith("Tunnel connection failed"):
        reason = show(str(error).partition(": ")[2])
        return CheckpointError(f"the proxy does not lead to {place}: {reason}", where=where)
    text = getattr(error, "strerror", None) or type(error).__name__
    return CheckpointError(f"{place} can't be reached: {show(text.lower())}", where=where)
