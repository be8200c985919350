"""Models of the Hugging Face Hub: huggingface_hub says which commit and who asks, we read ranges.

The revision is settled once, to a commit, of which no file ever changes. ``HF_ENDPOINT``,
``HF_TOKEN`` and the token that ``hf auth login`` left are honoured by huggingface_hub itself.
"""

import re
from typing import Any
from urllib.parse import unquote

from paramctl.errors import CheckpointError, MissingError, UsageError
from paramctl.names import show
from paramctl.sources.address import Address, shown
from paramctl.sources.remote.extra import extra
from paramctl.sources.remote.http.web import Web
from paramctl.sources.remote.persist import persist
from paramctl.sources.remote.refusal import refusal
from paramctl.sources.remote.store import PassingError, Version

_ADDRESS = re.compile(
    r"(?i:hf)://(?P<repo>[\w.-]+/[\w.-]+)(?:@(?P<revision>refs/[\w-]+/[\w-]+|[^/?#]+))?"
    r"(?:/(?P<path>[^?#]*))?"
)
_OTHERS = ("datasets/", "spaces/", "buckets/")
_USAGE = "wanted hf://ORG/NAME[@REVISION][/PATH]"
_WHO = "set HF_TOKEN, or run `hf auth login`; a gated model also wants its terms accepted"
_PATIENCE = 30.0  # seconds


def open_hub(address: Address) -> tuple[Address, str, "Hub"]:
    """The address with its commit, the path in the repository, and the files below that.

    Raises:
        UsageError: it names no model.
        ResourceError: huggingface_hub is not installed.
        CheckpointError: there is no such model or revision, or it can't be asked.
    """
    match = _ADDRESS.fullmatch(address.text)
    if match is None or match["repo"].startswith(_OTHERS):
        raise UsageError(_USAGE, where=shown(address))
    api = extra("huggingface_hub", "huggingface_hub", "hf", "hf://")
    repo, revision = match["repo"], unquote(match["revision"] or "")
    path = (match["path"] or "").strip("/")
    where = shown(address)
    info = persist(lambda: _info(api, repo, revision, where), where, _never())
    root = Address(f"hf://{repo}@{info.sha}")
    pinned = root / path if path else root
    names = [sibling.rfilename for sibling in info.siblings or ()]
    is_file = re.search(r"\.safetensors$|\.json$", path)
    below = path.rpartition("/")[0] if is_file else path
    return pinned, path, Hub(api, repo, info.sha, below, names)


class Hub(Web):
    """The files below a folder of one commit."""

    def __init__(self, api: Any, repo: str, commit: str, below: str, names: list[str]) -> None:
        folder = Address(f"hf://{repo}@{commit}" + (f"/{below}" if below else ""))
        prefix = f"{below}/" if below else ""
        token = api.get_token()
        super().__init__(
            lambda name: str(api.hf_hub_url(repo, prefix + name, revision=commit)),
            folder.__truediv__,
            f"Bearer {token}" if token else "",
            _WHO,
        )
        self._names = [n.removeprefix(prefix) for n in names if n.startswith(prefix)]

    def names(self) -> list[str]:
        """All files below the folder, as the commit has them."""
        return self._names

    def first(self, name: str, count: int) -> tuple[bytes, Version]:
        """The first bytes of a file, and which content this is.

        Raises:
            MissingError: the commit has no such file.
            PassingError, CheckpointError: it can't be read now, or at all.
        """
        if name not in self._names:
            raise MissingError("no such file in this commit", where=show(str(self.at(name))))
        return super().first(name, count)


def _info(api: Any, repo: str, revision: str, where: str) -> Any:
    """What the hub says of a model.

    Raises:
        PassingError, CheckpointError: it says nothing now, or at all.
    """
    try:
        return api.HfApi().model_info(repo, revision=revision or None, timeout=_PATIENCE)
    except Exception as error:  # its classes, and those of the HTTP client it happens to use
        raise _told(error, where) from error


def _told(error: Exception, where: str) -> Exception:
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if "RevisionNotFoundError" in kinds:
        return MissingError("the hub has no such revision of this model", where=where)
    if "GatedRepoError" in kinds:
        return CheckpointError("the hub keeps this model for some", where=where, hint=_WHO)
    if "RepositoryNotFoundError" in kinds:
        return MissingError(
            "the hub has no such model, or shows it to others only", where=where, hint=_WHO
        )
    if "HFValidationError" in kinds:
        return UsageError(_USAGE, where=where)
    if "OfflineModeIsEnabled" in kinds:
        return CheckpointError("HF_HUB_OFFLINE forbids to ask the hub", where=where)
    status = getattr(getattr(error, "response", None), "status_code", None)
    if isinstance(status, int):
        return refusal(status, where, hint=_WHO)
    if kinds & {"TimeoutException", "TimeoutError", "Timeout"}:
        return PassingError("the hub does not answer in time")
    if "ConnectError" in kinds:
        return CheckpointError("the hub can't be reached", where=where)
    if kinds & {"TransportError", "ConnectionError", "OSError"}:
        return PassingError("the connection to the hub broke")
    return CheckpointError(f"the hub can't be asked: {type(error).__name__}", where=where)


def _never() -> Any:
    import threading

    return threading.Event()
