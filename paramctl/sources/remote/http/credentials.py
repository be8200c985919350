"""Who to be for a host: the user in the URL, else the entry of ~/.netrc; never for another host."""

import os

from paramctl.sources.remote.http.link import Link, basic


def authorization(link: Link) -> str:
    """The ``Authorization`` header for the host of an address, or empty.

    ``NETRC`` names another file than ``~/.netrc``; one that can't be read is as good as none.
    """
    if link.user:
        return link.basic()
    import netrc

    try:
        found = netrc.netrc(os.environ.get("NETRC")).authenticators(link.host)
    except (OSError, netrc.NetrcParseError):
        return ""
    return basic(found[0], found[2]) if found and found[2] else ""
