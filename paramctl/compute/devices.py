"""Which devices there are and which one ``--device`` means; the only place that imports CuPy."""

from __future__ import annotations

import os
import re
from typing import Any, NamedTuple

from paramctl.compute.backend import HOST, Backend
from paramctl.compute.cuda import CudaBackend, first_line
from paramctl.errors import ResourceError, UsageError


class Device(NamedTuple):
    """Something to compute on.

    Attributes:
        name: what ``--device`` takes: ``cpu``, ``cuda:0``.
        kind: ``cpu`` or ``cuda``.
        model: the processor's or card's own name, or empty.
        memory: bytes it has in all; 0 where that can't be told.
    """

    name: str
    kind: str
    model: str
    memory: int


class Choice(NamedTuple):
    """What ``--device`` came to.

    Attributes:
        backends: one, or for ``both`` the host and the first GPU.
        note: what to tell the user, such as why ``auto`` is the host; or empty.
    """

    backends: tuple[Backend, ...]
    note: str


def devices() -> tuple[list[Device], str]:
    """The host and every GPU that CuPy can use; and, without one, the reason."""
    host = Device("cpu", "cpu", "", _memory())
    cupy, reason = _cupy()
    if cupy is None:
        return [host], reason
    found = [host]
    for index in range(cupy.cuda.runtime.getDeviceCount()):
        card = cupy.cuda.runtime.getDeviceProperties(index)
        model = bytes(card["name"]).split(b"\0")[0].decode()
        found.append(Device(f"cuda:{index}", "cuda", model, int(card["totalGlobalMem"])))
    return found, ""


def choose_device(text: str = "cpu") -> Choice:
    """The backend of ``cpu``, ``cuda``, ``cuda:1``, ``auto`` (a GPU if there is one) or ``both``.

    Raises:
        UsageError: the text is none of these.
        ResourceError: there is no such GPU; the hint says how to get CuPy to work.
    """
    if text == "cpu":
        return Choice((HOST,), "")
    if text == "auto":
        return _automatic()
    if text == "both":
        return Choice((HOST, _gpu(0)), "")
    match = re.fullmatch(r"cuda(?::([0-9]{1,3}))?", text)
    if match is None:
        raise UsageError(
            f"no device named '{text}'", hint="devices are cpu, cuda, cuda:1, auto and both"
        )
    return Choice((_gpu(int(match[1] or 0)),), "")


def _automatic() -> Choice:
    cupy, reason = _cupy()
    if cupy is not None:
        try:
            return Choice((_gpu(0),), "")
        except ResourceError as error:
            reason = error.problem
    return Choice((HOST,), f"no GPU, computing on the CPU: {reason}")


def _gpu(index: int) -> Backend:
    cupy, reason = _cupy()
    if cupy is None:
        raise ResourceError(
            f"no device cuda:{index}: {reason}", hint="use --device cpu, or auto to fall back"
        )
    count = cupy.cuda.runtime.getDeviceCount()
    if index >= count:
        known = ", ".join(f"cuda:{k}" for k in range(count))
        raise ResourceError(f"no device cuda:{index}", hint=f"there is {known}")
    card = CudaBackend(cupy, index)
    card.require_working()
    return card


def _cupy() -> tuple[Any, str]:
    """CuPy if it and a GPU work, or nothing and the reason."""
    try:
        import cupy
    except ImportError as error:
        if isinstance(error, ModuleNotFoundError) and error.name == "cupy":
            return None, "CuPy is not installed (pip install 'paramctl[cuda12]')"
        return None, f"CuPy can't be loaded: {first_line(error)}"
    try:
        if cupy.cuda.runtime.getDeviceCount() > 0:
            return cupy, ""
    except Exception as error:  # CuPy's own classes, which can't be named without it
        return None, first_line(error)
    return None, "CUDA finds no GPU"


def _memory() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return 0
