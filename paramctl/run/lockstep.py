"""Two runs side by side, compared module by module, in the memory of one step of each."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Queue
from typing import Any

import numpy as np

from paramctl.engine.module import Module
from paramctl.run.values import tensors

_END = object()


@dataclass(frozen=True)
class Parting:
    """Where two runs part for the first time.

    Attributes:
        module: the path of the module, empty for the whole model; or an output's name.
        type_name: the block it was made from.
        max_abs: the largest difference; Inf where only one side is finite, ``None`` where
            there is nothing to subtract.
        a, b: the two values there.
        note: what differs when it isn't values.
    """

    module: str
    type_name: str = ""
    max_abs: float | None = None
    a: Any = None
    b: Any = None
    note: str = ""


class _StoppedError(Exception):
    """The other run has seen enough."""


@dataclass(frozen=True)
class _Step:
    path: str
    arrays: list[Any]


class Leader:
    """The hook of the run that goes ahead: it hands over every output."""

    def __init__(self) -> None:
        self.steps: Queue[Any] = Queue(maxsize=1)
        self.stop = False

    def before(self, module: Module, values: Sequence[Any]) -> None:
        """Nothing to do."""

    def after(self, module: Module, value: Any) -> None:
        """Hand over what the module gave."""
        if self.stop:
            raise _StoppedError
        self.steps.put(_Step(module.path, _arrays(value)))


class Follower:
    """The hook of the run that compares.

    Attributes:
        parting: the first difference beyond the tolerance.
    """

    def __init__(self, leader: Leader, tolerance: float) -> None:
        self.parting: Parting | None = None
        self._leader = leader
        self._tolerance = tolerance
        self._ended = False

    def before(self, module: Module, values: Sequence[Any]) -> None:
        """Nothing to do."""

    def after(self, module: Module, value: Any) -> None:
        """Compare with what the other run's module gave."""
        if self.parting is not None or self._ended:
            return
        step = self._leader.steps.get()
        if step is _END:
            self._ended = True
            return
        self.parting = _parting(module, step, _arrays(value), self._tolerance)
        if self.parting is not None:
            self._leader.stop = True

    def drain(self) -> None:
        """Let the other run come to its end."""
        self._leader.stop = True
        while not self._ended:
            self._ended = self._leader.steps.get() is _END


def side_by_side(
    lead: Callable[[Leader], Any], follow: Callable[[Follower], Any], tolerance: float
) -> tuple[Any, Parting | None]:
    """Run both; what ``follow`` gave, and where it parts from ``lead`` by more than the tolerance.

    ``lead`` and ``follow`` run a model each with the hook they are given. An error of either
    is raised here.
    """
    leader = Leader()
    follower = Follower(leader, tolerance)
    failed: list[BaseException] = []

    def ahead() -> None:
        try:
            lead(leader)
        except _StoppedError:
            pass
        except BaseException as error:
            failed.append(error)
        finally:
            leader.steps.put(_END)

    thread = threading.Thread(target=ahead, name="paramctl-compare")
    thread.start()
    try:
        result = follow(follower)
    finally:
        follower.drain()
        thread.join()
    if failed:
        raise failed[0]
    return result, follower.parting


def part(one: Any, other: Any, tolerance: float) -> tuple[float, Any, Any] | None:
    """The largest difference of two arrays of one shape and both values, if beyond ``tolerance``.

    NaN equals NaN, and an infinity equals itself.
    """
    left, right = np.asarray(one), np.asarray(other)
    if left.size == 0:
        return None
    with np.errstate(all="ignore"):
        gap = np.abs(_wide(left) - _wide(right))
    gap = np.where((left == right) | ((left != left) & (right != right)), 0, gap)
    gap = np.where(gap != gap, np.inf, gap)
    place = np.unravel_index(int(np.argmax(gap)), gap.shape)
    largest = float(gap[place])
    return (largest, left[place].item(), right[place].item()) if largest > tolerance else None


def _wide(array: Any) -> Any:
    return array if array.dtype.kind in "fc" else array.astype(np.float64)


def _arrays(value: Any) -> list[Any]:
    return [tensor.execution.backend.to_numpy(tensor.array) for tensor in tensors(value)]


def _parting(module: Module, step: _Step, arrays: list[Any], tolerance: float) -> Parting | None:
    if step.path != module.path:
        note = f"the other model runs {step.path or 'its end'} here"
        return Parting(module.path, module.type_name, note=note)
    for own, other in zip(arrays, step.arrays, strict=False):
        if own.shape != other.shape:
            note = f"its output is {list(own.shape)}, the other's {list(other.shape)}"
            return Parting(module.path, module.type_name, note=note)
        found = part(own, other, tolerance)
        if found is not None:
            return Parting(module.path, module.type_name, *found)
    return None
