"""A named array of a model: what it must look like, where its numbers are, and its gradient."""

from __future__ import annotations

from typing import Any, Protocol

from paramctl.engine.shapes import Shape, Size, differ, is_known, show, unify
from paramctl.engine.unknown import Unknown
from paramctl.expression.errors import LanguageError


class Stored(Protocol):
    """Numbers that are still in their file, in the file's dtype.

    Attributes:
        shape: sizes, all known.
        dtype: the format's name, such as ``BF16``.
    """

    shape: tuple[int, ...]
    dtype: str

    def array(self) -> Any:
        """The whole array, on the host, in the file's dtype."""

    def rows(self, start: int, stop: int, out: Any = None) -> Any:
        """Rows ``[start, stop)`` of the first axis.

        Args:
            out: an array of the file's dtype and their shape that may be used for the result.
        """

    def take(self, indices: Any) -> Any:
        """The rows with these indices, and no others are read."""


class Parameter:
    """One array of a model. A tie is one of these in two places of the tree.

    Attributes:
        name: the dotted name, the first one where it is tied.
        shape: sizes; those not known yet are ``Unknown``.
        dtype: the format's name, such as ``F32``.
        kind: ``parameter``, ``buffer`` (stored, not trained) or ``constant``.
        axes: what each axis is: ``out``, ``in``, ``spatial``, ``expert`` …
        init: how it is drawn by default, a scheme's text or an initializer.
        value: an array (of the host or the device), a ``Stored``, or ``None`` before there is one.
        grad: the gradient after a backward pass in which it took part; ``None`` otherwise.
        origins: where each size came from, for messages; may be empty.
        persistent: whether it is in the file.
    """

    def __init__(
        self,
        name: str,
        shape: Shape,
        *,
        dtype: str = "F32",
        kind: str = "parameter",
        axes: tuple[str, ...] = (),
        init: Any = None,
        value: Any = None,
        origins: tuple[str, ...] = (),
        persistent: bool = True,
    ) -> None:
        self.name = name
        self.shape = shape
        self.dtype = dtype
        self.kind = kind
        self.axes = axes
        self.init = init
        self.value = value
        self.grad: Any = None
        self.origins = origins
        self.persistent = persistent

    def __repr__(self) -> str:
        return f"{self.name}: {self.kind} {show(self.shape)} {self.dtype}"

    @property
    def is_deferred(self) -> bool:
        """Whether a size is still unknown."""
        return not is_known(self.shape)

    @property
    def is_trained(self) -> bool:
        """Whether gradients are computed for it."""
        return self.kind == "parameter"

    @property
    def numel(self) -> int | None:
        """Number of elements; ``None`` while a size is unknown."""
        count = 1
        for size in self.shape:
            if isinstance(size, Unknown):
                return None
            count *= size
        return count

    def settle(self, shape: Shape, origin: str) -> None:
        """Learn sizes from something else that has this shape; what is known must agree.

        Args:
            origin: where the sizes come from, such as ``the checkpoint``.

        Raises:
            LanguageError: the rank or a known size differs; the text shows both sides.
        """
        if len(shape) != len(self.shape):
            raise LanguageError(
                f"{self.name} is {show(self.shape)}, and {show(shape)} from {origin}"
            )
        origins = list(self.origins or ("",) * len(shape))
        for axis, (own, other) in enumerate(zip(self.shape, shape, strict=True)):
            if differ(own, other):
                self._contradict(axis, other, origin)
            if isinstance(own, Unknown) and not isinstance(other, Unknown):
                origins[axis] = origin
        self.origins = tuple(origins)
        self.shape = tuple(unify(own, other) for own, other in zip(self.shape, shape, strict=True))

    def _contradict(self, axis: int, other: Size, origin: str) -> None:
        role = self.axes[axis] if axis < len(self.axes) else f"axis {axis}"
        source = self.origins[axis] if axis < len(self.origins) else ""
        by = f" by {source}" if source else ""
        raise LanguageError(
            f"{self.name}: size of '{role}' is {self.shape[axis]}{by}, {other} by {origin}"
        )
