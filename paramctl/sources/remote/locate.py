"""From a URL to the place it means, and to the file in it if it names one."""

import re

from paramctl.errors import UsageError
from paramctl.sources.address import Address, shown
from paramctl.sources.remote.place import RemotePlace
from paramctl.sources.remote.store import Store

_FILE = re.compile(r"\.safetensors$|\.json$")


def locate_url(address: Address) -> tuple[Address, RemotePlace, str]:
    """The address as it is from now on, the folder, and the file in it or an empty name.

    Raises:
        UsageError: it can't be the address of a model.
        ResourceError: what reads such an address is not installed.
        CheckpointError: there is nothing, or it can't be asked.
    """
    scheme = address.scheme
    if scheme not in _KINDS:
        known = ", ".join(f"{kind}://" for kind in _KINDS)
        hint = f"it may begin with {known}, or be a path"
        raise UsageError(f"no address of a model begins with {scheme}://", where=shown(address),
                         hint=hint)  # fmt: skip
    return _KINDS[scheme](address)


def _split(address: Address) -> tuple[Address, str]:
    """Folder and file; the name is empty where the address is that of a folder."""
    if _FILE.search(address.name):
        return address.parent, address.name
    return address, ""


def _web(address: Address) -> tuple[Address, RemotePlace, str]:
    from paramctl.sources.remote.http.link import parse_link
    from paramctl.sources.remote.http.web import Web

    parse_link(address.text)
    folder, name = _split(address)
    store: Store = Web(lambda file: (folder / file).text, folder.__truediv__)
    return address, RemotePlace(folder, store), name


def _hub(address: Address) -> tuple[Address, RemotePlace, str]:
    from paramctl.sources.remote.hub import open_hub

    pinned, below, store = open_hub(address)
    folder, name = _split(pinned) if _FILE.search(below) else (pinned, "")
    return pinned, RemotePlace(folder, store), name


def _bucket(address: Address) -> tuple[Address, RemotePlace, str]:
    from paramctl.sources.remote.bucket import open_bucket

    folder, name = _split(address)
    return address, RemotePlace(folder, open_bucket(folder)), name


_KINDS = {"https": _web, "http": _web, "hf": _hub, "s3": _bucket, "gs": _bucket}
