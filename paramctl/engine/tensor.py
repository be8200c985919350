"""A value in a forward pass: a shape and a dtype, and numbers unless only shapes are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from paramctl.engine.shapes import Shape, show
from paramctl.expression.errors import LanguageError

if TYPE_CHECKING:
    from paramctl.engine.execution import Execution
    from paramctl.engine.tape import Slot

_ATTRIBUTES = ("shape", "ndim", "dtype")


class Tensor:
    """What operations take and give. Operators are operations of the execution it belongs to.

    Attributes:
        shape: sizes, some of them perhaps unknown while shapes are inferred.
        dtype: NumPy's name.
        array: the numbers, of the execution's backend; ``None`` while shapes are inferred.
        execution: the run it belongs to.
        name: the parameter's name, or empty; for messages.
        slot: where its gradient is gathered; ``None`` off the tape.
    """

    __slots__ = ("array", "dtype", "execution", "name", "shape", "slot")
    __hash__ = object.__hash__

    def __init__(
        self,
        execution: Execution,
        shape: Shape,
        dtype: str,
        array: Any = None,
        *,
        slot: Slot | None = None,
        name: str = "",
    ) -> None:
        self.execution = execution
        self.shape = shape
        self.dtype = dtype
        self.array = array
        self.slot = slot
        self.name = name

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def __repr__(self) -> str:
        label = f"{self.name} " if self.name else ""
        return f"{label}{show(self.shape)} {self.dtype}"

    def numbers(self) -> Any:
        """The array, of the backend; ``None`` while shapes are inferred."""
        return self.array

    def language_attribute(self, name: str) -> Any:
        """``x.shape``, ``x.ndim`` or ``x.dtype``; there is nothing else.

        Raises:
            LanguageError: any other name.
        """
        if name not in _ATTRIBUTES:
            from paramctl.engine.function import has_function

            own = f"it has {', '.join(_ATTRIBUTES)}"
            hint = f"write {name}(…)" if has_function(name) else own
            raise LanguageError(f"a tensor has no '{name}'", hint=hint)
        return getattr(self, name)

    def language_item(self, index: Any) -> Any:
        """``x[…]`` with numbers, slices, ``None`` and ``...``."""
        return self._apply("getitem", self, index=index)

    __getitem__ = language_item

    def language_condition(self) -> bool | None:
        """Whether the one value counts as true; ``None`` where only shapes are known.

        Raises:
            LanguageError: it has several values.
        """
        if any(isinstance(size, int) and size != 1 for size in self.shape):
            raise LanguageError(
                f"a condition is one value, not {show(self.shape)}",
                hint="reduce it with sum(…) or max(…)",
            )
        return None if self.array is None else bool(self.execution.backend.to_numpy(self.array))

    def language_items(self) -> list[Any]:
        """The slices along the first axis, for a loop over them.

        Raises:
            LanguageError: there is no axis, or its size is not known.
        """
        if not self.shape or not isinstance(self.shape[0], int):
            raise LanguageError(f"a tensor {show(self.shape)} can't be gone through")
        return [self.language_item(place) for place in range(self.shape[0])]

    def _apply(self, name: str, *operands: Any, **options: Any) -> Any:
        return self.execution.apply(name, *operands, **options)

    def __bool__(self) -> NoReturn:
        raise LanguageError(
            f"a tensor {show(self.shape)} is neither true nor false", hint="use where(…)"
        )

    def __iter__(self) -> NoReturn:
        raise LanguageError("a tensor can't be unpacked", hint="use split(…) or an index")

    def __add__(self, other: Any) -> Any:
        return self._apply("add", self, other)

    def __radd__(self, other: Any) -> Any:
        return self._apply("add", other, self)

    def __sub__(self, other: Any) -> Any:
        return self._apply("sub", self, other)

    def __rsub__(self, other: Any) -> Any:
        return self._apply("sub", other, self)

    def __mul__(self, other: Any) -> Any:
        return self._apply("mul", self, other)

    def __rmul__(self, other: Any) -> Any:
        return self._apply("mul", other, self)

    def __truediv__(self, other: Any) -> Any:
        return self._apply("div", self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return self._apply("div", other, self)

    def __floordiv__(self, other: Any) -> Any:
        return self._apply("floordiv", self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return self._apply("floordiv", other, self)

    def __mod__(self, other: Any) -> Any:
        return self._apply("mod", self, other)

    def __rmod__(self, other: Any) -> Any:
        return self._apply("mod", other, self)

    def __pow__(self, other: Any) -> Any:
        return self._apply("pow", self, other)

    def __rpow__(self, other: Any) -> Any:
        return self._apply("pow", other, self)

    def __matmul__(self, other: Any) -> Any:
        return self._apply("matmul", self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return self._apply("matmul", other, self)

    def __neg__(self) -> Any:
        return self._apply("neg", self)

    def __lt__(self, other: Any) -> Any:
        return self._apply("lt", self, other)

    def __le__(self, other: Any) -> Any:
        return self._apply("le", self, other)

    def __gt__(self, other: Any) -> Any:
        return self._apply("gt", self, other)

    def __ge__(self, other: Any) -> Any:
        return self._apply("ge", self, other)

    def __eq__(self, other: Any) -> Any:
        return self._apply("eq", self, other)

    def __ne__(self, other: Any) -> Any:
        return self._apply("ne", self, other)

    def __and__(self, other: Any) -> Any:
        return self._apply("logical_and", self, other)

    def __or__(self, other: Any) -> Any:
        return self._apply("logical_or", self, other)

    def __invert__(self) -> Any:
        return self._apply("logical_not", self)
