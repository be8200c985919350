"""Shape rules of operations that work element by element, and the way back from a broadcast."""

from __future__ import annotations

from typing import Any

from paramctl.engine.operation import DEFAULT_FLOAT, Form, Operation
from paramctl.engine.pieces import in_pieces, is_large
from paramctl.engine.promotion import dtype_name, has_gradient, is_complex, promote, promote_number
from paramctl.engine.shapes import Shape, broadcast
from paramctl.expression.errors import LanguageError


def is_tensor(operand: Any) -> bool:
    """Whether an operand has a shape; Python numbers and unknown sizes have none."""
    return hasattr(operand, "shape")


def shape_of(operand: Any) -> Shape:
    """The shape of a tensor, ``()`` of a number."""
    return tuple(operand.shape) if is_tensor(operand) else ()


def meeting_dtype(*operands: Any) -> str:
    """The dtype in which tensors and numbers meet; tensors alone decide unless a kind is higher.

    A float and an integer tensor meet in the float's dtype.
    """
    tensors = [dtype_name(operand) for operand in operands if is_tensor(operand)]
    dtype = promote(tensors) if tensors else "bool"
    for operand in operands:
        if not is_tensor(operand):
            dtype = promote_number(dtype, operand, DEFAULT_FLOAT)
    return dtype


def meet(xp: Any, *operands: Any) -> tuple[Any, ...]:
    """Arrays of one dtype; numbers stay numbers. Mixed kinds are cast, as the shape rule says."""
    dtypes = {dtype_name(operand) for operand in operands if is_tensor(operand)}
    if len(dtypes) < 2:
        return operands
    dtype = promote(dtypes)
    return tuple(xp.astype(x, getattr(xp, dtype)) if is_tensor(x) else x for x in operands)


def sum_to(xp: Any, gradient: Any, shape: Shape | None) -> Any:
    """The gradient by an operand that was broadcast from ``shape``: summed over what stretched.

    ``None`` for a shape of ``None``, which stands for a Python number.
    """
    if shape is None or tuple(gradient.shape) == tuple(shape):
        return None if shape is None else gradient
    extra = gradient.ndim - len(shape)
    axes = tuple(
        axis
        for axis in range(gradient.ndim)
        if axis < extra or (shape[axis - extra] == 1 and gradient.shape[axis] != 1)
    )
    return xp.reshape(xp.sum(gradient, axis=axes), tuple(shape))


def conjugate(xp: Any, operand: Any) -> Any:
    """The complex conjugate; a real operand as it is."""
    if is_tensor(operand):
        return xp.conj(operand) if is_complex(dtype_name(operand)) else operand
    return operand.conjugate() if isinstance(operand, complex) else operand


def own_shape(operand: Any) -> Shape | None:
    """What ``sum_to`` needs to know of an operand."""
    return tuple(operand.shape) if is_tensor(operand) else None


class Binary(Operation):
    """Two operands that broadcast; the result has the dtype in which they meet."""

    def shape(self, x: Any, y: Any) -> Form:
        for operand in (x, y):
            require_value(self.name, operand)
        return Form(broadcast(shape_of(x), shape_of(y)), self.result_dtype(x, y))

    def result_dtype(self, x: Any, y: Any) -> str:
        """The dtype of the result."""
        return meeting_dtype(x, y)


class Comparison(Binary):
    """Two operands that broadcast to truth values."""

    def result_dtype(self, x: Any, y: Any) -> str:
        """Always bool."""
        return "bool"


class Unary(Operation):
    """One operand; a float keeps its dtype and anything else becomes the run's float."""

    floats = True

    def shape(self, x: Any) -> Form:
        require_value(self.name, x)
        return Form(shape_of(x), float_dtype(x))

    def result_alone(self, xp: Any, x: Any, **options: Any) -> tuple[Any, Any]:
        """The result, piece by piece where it is large."""
        if not is_large(x):
            return self.value(xp, x, **options)
        return in_pieces(lambda piece: self.value(xp, piece, **options)[0], x, 1), None


def float_dtype(x: Any) -> str:
    """A float or complex operand's own dtype, the run's float dtype otherwise."""
    dtype = dtype_name(x) if is_tensor(x) else ""
    return dtype if has_gradient(dtype) else DEFAULT_FLOAT


def require_value(name: str, operand: Any) -> None:
    """Refuse what no operation computes on.

    Raises:
        LanguageError: ``None``, text, a list or a tuple.
    """
    if operand is None or isinstance(operand, str | list | tuple | dict):
        kind = "None" if operand is None else f"a {type(operand).__name__}"
        raise LanguageError(f"{name} works on tensors and numbers, not on {kind}")
