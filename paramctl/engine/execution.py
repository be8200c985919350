"""One run of a model: on shapes alone, on arrays, or on arrays with a tape for gradients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol

from paramctl.compute.backend import HOST, Backend, quiet
from paramctl.dtypes import DTYPES
from paramctl.engine.elementwise import require_value
from paramctl.engine.frames import add_frame
from paramctl.engine.function import FUNCTIONS, call_function
from paramctl.engine.module import Module
from paramctl.engine.operation import DEFAULT_FLOAT, OPERATIONS, Form, Operation
from paramctl.engine.parameter import Parameter
from paramctl.engine.promotion import dtype_name, has_gradient, is_float
from paramctl.engine.shapes import Shape, require_possible
from paramctl.engine.tape import Record, Slot, Tape
from paramctl.engine.tensor import Tensor
from paramctl.engine.unknown import Unknown
from paramctl.engine.weight import Weight
from paramctl.errors import ParamctlError
from paramctl.expression.errors import LanguageError

Mode = Literal["shapes", "arrays", "tape"]


class Hook(Protocol):
    """Something that watches the modules of a run, for traces and comparisons."""

    def before(self, module: Module, values: Sequence[Any]) -> None:
        """``module`` is about to run on ``values``."""

    def after(self, module: Module, value: Any) -> None:
        """``module`` gave ``value``."""


class ParameterTensor(Tensor):
    """A parameter in a run. Its numbers are read when an operation asks, each time anew."""

    __slots__ = ("parameter",)

    def __init__(self, execution: Execution, parameter: Parameter, slot: Slot | None) -> None:
        self.parameter = parameter
        dtype = execution.dtype_of(parameter)
        super().__init__(execution, parameter.shape, dtype, slot=slot, name=parameter.name)

    @property
    def weight(self) -> Weight:
        """Its numbers, read as far as they are needed."""
        return self.execution.weight(self.parameter)

    def numbers(self) -> Any:
        """The whole array, read now; nothing keeps it but the caller."""
        return None if self.execution.mode == "shapes" else self.weight.array()


class Execution:
    """Applies operations, calls modules and hands out parameters, in one of three modes.

    Args:
        backend: where arrays live.
        dtype: what floats are computed in. ``bfloat16`` computes in float32 and rounds every
            parameter and every result to bfloat16 values.
        mode: ``shapes`` computes nothing, ``arrays`` computes, ``tape`` also remembers.
        hooks: are told of every module call.
    """

    def __init__(
        self,
        backend: Backend = HOST,
        dtype: str = "float32",
        mode: Mode = "arrays",
        hooks: Sequence[Hook] = (),
    ) -> None:
        self.backend = backend
        self.is_rounded = dtype == "bfloat16"
        self.dtype = "float32" if self.is_rounded else dtype
        self.mode = mode
        self.hooks = tuple(hooks)
        self.tape = Tape() if mode == "tape" else None
        self._depth = 0

    # Values -----------------------------------------------------------------------------------

    def placeholder(self, shape: Shape, dtype: str = "float32", name: str = "") -> Tensor:
        """A value without numbers, to infer shapes from."""
        return Tensor(self, tuple(shape), self.resolve(dtype), name=name)

    def constant(self, value: Any, name: str = "") -> Tensor:
        """An input or a literal as a tensor; floats take the dtype of the run."""
        here = value if self.backend.owns(value) else HOST.asarray(value)
        array = self.backend.widen(here, self.dtype)
        if self.is_rounded:
            array = self.backend.round_bfloat16(array)
        shown = None if self.mode == "shapes" else array
        return Tensor(self, tuple(array.shape), dtype_name(array), shown, name=name)

    def variable(self, value: Any, name: str = "") -> Tensor:
        """A constant whose gradient gathers in its ``slot``, on a tape."""
        tensor = self.constant(value, name)
        tensor.slot = _slot_for(tensor) if self.tape is not None else None
        return tensor

    def parameter(self, parameter: Parameter) -> Tensor:
        """A parameter as a tensor; nothing is read until an operation needs its numbers."""
        trained = self.tape is not None and parameter.is_trained
        slot = self.tape.slot_of(parameter) if trained and self.tape else None
        return ParameterTensor(self, parameter, slot)

    def hold(self, tensor: Tensor) -> Tensor:
        """A parameter read once and kept, for code that uses it in every step of a loop."""
        if self.mode == "shapes" or not isinstance(tensor, ParameterTensor):
            return tensor
        array = tensor.numbers()
        return Tensor(self, tensor.shape, tensor.dtype, array, slot=tensor.slot, name=tensor.name)

    def weight(self, parameter: Parameter) -> Weight:
        """Access to a parameter's numbers in the dtype of this run."""
        return Weight(parameter, self.backend, self.dtype, is_rounded=self.is_rounded)

    def dtype_of(self, parameter: Parameter) -> str:
        """The dtype a parameter's numbers have in this run."""
        stored = DTYPES[parameter.dtype]
        return self.dtype if stored.is_floating else stored.array

    def resolve(self, dtype: str) -> str:
        """A dtype of a shape rule as one of this run: its float dtype for any float."""
        return self.dtype if dtype == DEFAULT_FLOAT or is_float(dtype) else dtype

    # Operations -------------------------------------------------------------------------------

    def apply(self, name: str, *given: Any, **named: Any) -> Any:
        """The result of one operation: a tensor, or a tuple of them.

        Raises:
            LanguageError: the operands don't fit.
        """
        operation = OPERATIONS[name]
        operands, options = operation.bind(given, named)
        plain = type(operation).on_numbers
        if plain is not None and not any(isinstance(x, Tensor) for x in operands):
            return _on_numbers(operation.name, plain, operands)
        forms = operation.shape(*operands, **options)
        if self.mode == "shapes":
            return _one_or_all(forms, [self._empty(form) for form in _listed(forms)])
        arrays = self._arrays(operation, operands)
        compute = operation.result_alone if self.tape is None else operation.value
        with quiet():
            result, saved = compute(self.backend.xp, *arrays, **options)
        results = result if isinstance(forms, tuple) else (result,)
        made = [
            self._tensor(operation, form, array)
            for form, array in zip(_listed(forms), results, strict=True)
        ]
        self._remember(operation, operands, made, saved)
        return _one_or_all(forms, made)

    def function(self, name: str, *given: Any, **named: Any) -> Any:
        """The result of a function of the language: one that composes operations, or an operation.

        Raises:
            UsageError: there is none of that name; the hint offers the nearest.
        """
        if name in FUNCTIONS:
            return call_function(name, self, given, named)
        return self.apply(name, *given, **named)

    def _empty(self, form: Form) -> Tensor:
        require_possible(form.shape)
        return Tensor(self, form.shape, self.resolve(form.dtype))

    def _arrays(self, operation: Operation, operands: Sequence[Any]) -> list[Any]:
        names = operation.signature.operands
        arrays = []
        for place, operand in enumerate(operands):
            name = names[min(place, len(names) - 1)]
            if isinstance(operand, ParameterTensor):
                streams = name in operation.streams
                arrays.append(operand.weight if streams else operand.numbers())
            elif isinstance(operand, Tensor):
                arrays.append(self._fit(operation, operand))
            else:
                arrays.append(operand)
        return arrays

    def _fit(self, operation: Operation, operand: Tensor) -> Any:
        if operand.execution is not self:
            self._refuse_foreign(operand)
        if operation.floats and not has_gradient(operand.dtype):
            xp = self.backend.xp
            return xp.astype(operand.array, getattr(xp, self.dtype))
        return operand.array

    def _refuse_foreign(self, operand: Tensor) -> None:
        here, there = self.backend.device, operand.execution.backend.device
        if here != there:
            raise LanguageError(
                f"operands live on {here} and {there}", hint="nothing is copied between devices"
            )

    def _tensor(self, operation: Operation, form: Form, array: Any) -> Tensor:
        dtype = self.resolve(form.dtype)
        xp = self.backend.xp
        array = xp.asarray(array)
        if array.shape != form.shape:
            raise AssertionError(f"{operation.name}: rule {form.shape}, value {array.shape}")
        if dtype_name(array) != dtype:
            array = xp.astype(array, getattr(xp, dtype))
        if self.is_rounded and not operation.reads and is_float(dtype):
            array = self.backend.round_bfloat16(array)
        return Tensor(self, form.shape, dtype, array)

    def _remember(
        self, operation: Operation, operands: Sequence[Any], made: list[Tensor], saved: Any
    ) -> None:
        if self.tape is None:
            return
        slots = tuple(x.slot if isinstance(x, Tensor) else None for x in operands)
        if any(slots):
            for tensor in made:
                tensor.slot = _slot_for(tensor)
            outputs = tuple(tensor.slot for tensor in made)
            if any(outputs):
                self.tape.records.append(Record(operation, slots, outputs, saved))

    def backward(self, output: Tensor, seed: Any = None) -> None:
        """Fill ``grad`` of every parameter that took part in ``output``; once per run.

        Args:
            seed: the gradient by the output, 1 where it is left out.

        Raises:
            LanguageError: nothing that is trained took part, or the run has no tape.
        """
        if self.tape is None or output.slot is None:
            raise LanguageError("no parameter took part in the output, so it has no gradients")
        xp = self.backend.xp
        if seed is None:
            seed = xp.ones(output.shape, dtype=getattr(xp, output.dtype))
        output.slot.add(xp, self.backend.asarray(seed, output.dtype))
        with quiet():
            self.tape.backward(xp)
            self.tape.deliver(xp)

    # Modules ----------------------------------------------------------------------------------

    def call(self, module: Module, *values: Any) -> Any:
        """What a module makes of its inputs. Unknown sizes are inferred first.

        An error on the way out collects one frame per call; the outermost call adds them to the
        text of an error that has its place already.
        """
        for hook in self.hooks:
            hook.before(module, values)
        self._depth += 1
        try:
            if module.infer is not None and not (module.is_settled and self.mode != "shapes"):
                module.infer(self, values)
            value = self._forward(module, values)
        except (LanguageError, ParamctlError) as error:
            add_frame(error, module, values, is_outermost=self._depth == 1)
            raise
        finally:
            self._depth -= 1
        for hook in self.hooks:
            hook.after(module, value)
        return value

    def _forward(self, module: Module, values: tuple[Any, ...]) -> Any:
        if module.forward is not None:
            return module.forward(self, *values)
        for child in module:
            values = (self.call(child, *values), *values[1:])
        return values[0]


def _slot_for(tensor: Tensor) -> Slot | None:
    return Slot(is_real=is_float(tensor.dtype)) if has_gradient(tensor.dtype) else None


def _on_numbers(name: str, plain: Callable[..., Any], operands: Sequence[Any]) -> Any:
    """The operation on Python numbers; an unknown size absorbs it."""
    for operand in operands:
        require_value(name, operand)
        if isinstance(operand, Unknown):
            return -operand
    try:
        return plain(*operands)
    except (ArithmeticError, ValueError) as error:
        raise LanguageError(f"{name}({', '.join(map(str, operands))}): {error}") from None


def _listed(forms: Form | tuple[Form, ...]) -> tuple[Form, ...]:
    return forms if isinstance(forms, tuple) else (forms,)


def _one_or_all(forms: Form | tuple[Form, ...], made: list[Tensor]) -> Any:
    return tuple(made) if isinstance(forms, tuple) else made[0]
