"""Files in buckets of S3 and Google Cloud Storage, by way of obstore.

Credentials, regions and endpoints are what the environment says: ``AWS_*``, ``GOOGLE_*``, and
the profiles of ``~/.aws`` where boto3 is installed.
"""

import os
import re
from importlib.util import find_spec
from typing import Any

from paramctl.errors import CheckpointError, MissingError, UsageError
from paramctl.names import show
from paramctl.sources.address import Address, shown
from paramctl.sources.remote.extra import extra
from paramctl.sources.remote.refusal import check_same, refusal
from paramctl.sources.remote.store import PassingError, Version

_STATUS = re.compile(r"status code: (\d{3})")
_MOST = 10_000  # files below an address that are still a model
_CLIENT = {"connect_timeout": "15s", "timeout": "90s"}
_WHO = {
    "s3": "set AWS_PROFILE (with boto3), or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; "
    "AWS_SKIP_SIGNATURE=true for a public bucket",
    "gs": "set GOOGLE_APPLICATION_CREDENTIALS, or run `gcloud auth application-default login`; "
    "GOOGLE_SKIP_SIGNATURE=true for a public bucket",
}


def open_bucket(folder: Address) -> "Bucket":
    """The store of a folder ``s3://BUCKET/PATH`` or ``gs://BUCKET/PATH``.

    Raises:
        UsageError: no bucket is named.
        ResourceError: obstore is not installed.
    """
    scheme = folder.scheme
    name, _, path = folder.text.partition("://")[2].partition("/")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name) or "?" in path or "#" in path:
        raise UsageError(f"wanted {scheme}://BUCKET/PATH", where=shown(folder))
    api = extra("obstore", "obstore", "s3", f"{scheme}://")
    kinds = extra("obstore.store", "obstore", "s3", f"{scheme}://")
    make = _s3 if scheme == "s3" else _gcs
    try:
        store = make(kinds, name)
    except Exception as error:  # obstore's own classes, which can't be named without it
        raise CheckpointError(
            f"the bucket can't be set up: {show(type(error).__name__)}",
            where=shown(folder),
            hint=_WHO[scheme],
        ) from error
    return Bucket(folder, path.strip("/"), api, store)


def _s3(kinds: Any, name: str) -> Any:
    told = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
    endpoint = next((os.environ[key] for key in told if os.environ.get(key)), "")
    options: dict[str, Any] = {}
    keys = ("AWS_ACCESS_KEY_ID", "AWS_SKIP_SIGNATURE", "AWS_WEB_IDENTITY_TOKEN_FILE")
    if not any(os.environ.get(key) for key in keys) and find_spec("boto3"):
        profiles = extra("obstore.auth.boto3", "obstore", "s3", "s3://")
        options = {"credential_provider": profiles.Boto3CredentialProvider()}
    return kinds.S3Store(name, **options, **_settings(endpoint))


def _gcs(kinds: Any, name: str) -> Any:
    emulator = os.environ.get("STORAGE_EMULATOR_HOST", "")
    options: dict[str, Any] = {}
    if emulator:
        emulator = emulator if "://" in emulator else f"http://{emulator}"
        options = {"base_url": emulator, "skip_signature": True}
    return kinds.GCSStore(name, **options, **_settings(emulator))


def _settings(endpoint: str) -> dict[str, Any]:
    """No tries of its own: what may pass is tried again in one place for every kind of address."""
    client: dict[str, Any] = dict(_CLIENT)
    if endpoint.startswith("http://"):
        client["allow_http"] = True
    return {"client_options": client, "retry_config": {"max_retries": 0}}


class Bucket:
    """The files below a path of a bucket."""

    def __init__(self, folder: Address, prefix: str, api: Any, store: Any) -> None:
        self._folder, self._prefix, self._api, self._store = folder, prefix, api, store

    def at(self, name: str) -> Address:
        """The address of a file."""
        return self._folder / name

    def first(self, name: str, count: int) -> tuple[bytes, Version]:
        """The first bytes of a file, and which content this is.

        Raises:
            MissingError: there is no such file.
            PassingError, CheckpointError: it can't be read now, or at all.
        """
        try:
            found = self._api.get(self._store, self._key(name), options={"range": (0, count)})
            data = bytes(found.bytes())
        except Exception as error:
            if _status(error) == 416:  # what is empty has no first byte
                return b"", Version(0)
            raise self._told(error, name) from error
        return data, _version(found.meta)

    def fill(self, name: str, view: memoryview, position: int, version: Version) -> None:
        """Fill the view with the bytes from ``position`` on, if the content is still that.

        Raises:
            PassingError, CheckpointError: it can't be read now, or at all.
        """
        options: dict[str, Any] = {"range": (position, position + len(view))}
        if version.kind == "ETag":
            options["if_match"] = version.tag
        try:
            found = self._api.get(self._store, self._key(name), options=options)
            data = memoryview(found.bytes())
        except Exception as error:
            raise self._told(error, name) from error
        where = show(str(self.at(name)))
        check_same(version, _version(found.meta), where)
        if len(data) != len(view):
            raise PassingError(f"{len(data)} of {len(view)} bytes came")
        view[:] = data

    def names(self) -> list[str]:
        """All files below the path.

        Raises:
            CheckpointError: there are too many for a model, or they can't be listed.
        """
        below = f"{self._prefix}/" if self._prefix else ""
        found: list[str] = []
        try:
            for chunk in self._api.list(self._store, below or None, chunk_size=1000):
                found += [item["path"].removeprefix(below) for item in chunk]
                if len(found) > _MOST:
                    raise CheckpointError(
                        f"more than {_MOST} files lie there", where=shown(self._folder),
                        hint="name the folder of one model",
                    )  # fmt: skip
        except CheckpointError:
            raise
        except Exception as error:
            raise self._told(error, "") from error
        return found

    def close(self) -> None:
        """Nothing is open between two requests that obstore doesn't close by itself."""

    def _key(self, name: str) -> str:
        return f"{self._prefix}/{name}" if self._prefix else name

    def _told(self, error: Exception, name: str) -> Exception:
        """An error of obstore in our words; its own may hold headers and keys."""
        where = shown(self.at(name) if name else self._folder)
        kind, hint = type(error).__name__, _WHO[self._folder.scheme]
        status = _status(error)
        text = str(error)
        if isinstance(error, FileNotFoundError) or kind == "NotFoundError":
            what = "file" if name else "bucket"
            return MissingError(f"no such {what} (404)", where=where)
        if kind == "PreconditionError":
            return CheckpointError("the file changed while it was read (412)", where=where)
        if "169.254.169.254" in text or "metadata.google.internal" in text:
            return CheckpointError("no credentials were found", where=where, hint=hint)
        if "region" in text and status in (None, 301):
            return CheckpointError(
                "the bucket lies in another region", where=where, hint="set AWS_REGION"
            )
        if status is not None:
            return refusal(status, where, hint=hint)
        if kind in ("PermissionDeniedError", "UnauthenticatedError"):
            return refusal(403 if kind.startswith("Perm") else 401, where, hint=hint)
        return self._unanswered(text, where)

    def _unanswered(self, text: str, where: str) -> Exception:
        if "kind: Timeout" in text or "timed out" in text:
            return PassingError("no answer came in time")
        if "kind: Connect" in text and "Connection refused" in text:
            return CheckpointError("the connection was refused", where=where)
        if "certificate" in text:
            return CheckpointError("the certificate of the server is not trusted", where=where)
        if "HTTP error" in text or "kind: " in text:
            return PassingError("the connection broke")
        return CheckpointError("obstore can't read it", where=where)


def _status(error: Exception) -> int | None:
    match = _STATUS.search(str(error))
    return int(match[1]) if match else None


def _version(meta: Any) -> Version:
    if meta.get("e_tag"):
        return Version(meta["size"], meta["e_tag"], "ETag")
    return Version(meta["size"], str(meta.get("last_modified") or ""), "Last-Modified")
