"""A forward on shapes alone: finds the sizes that a spec leaves open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from paramctl.engine.execution import Execution
from paramctl.engine.frames import lines
from paramctl.engine.module import Module
from paramctl.engine.parameter import Parameter
from paramctl.engine.shapes import Size, show
from paramctl.engine.tensor import Tensor
from paramctl.engine.unknown import Unknown
from paramctl.errors import ParamctlError, SpecError, UsageError
from paramctl.expression.errors import LanguageError
from paramctl.names import near
from paramctl.spec.document import shown
from paramctl.spec.forward import Functions
from paramctl.spec.inputs import InputDeclaration
from paramctl.spec.load import Spec
from paramctl.spec.module import SpecModule
from paramctl.spec.sizes import Deferred

Form = tuple[Sequence[Size], str]


def infer_shapes(spec: Spec, module: SpecModule, inputs: Mapping[str, Form] | None = None) -> Any:
    """What the model returns for inputs of these shapes and dtypes, without any numbers.

    Sizes that follow are given to the parameters of ``module``. Inputs that are left out take
    their defaults, or the declared shape with its free sizes open.

    Raises:
        SpecError: the spec contradicts itself.
        UsageError: an input does not fit the spec.
    """
    execution = Execution(mode="shapes")
    values = placeholders(execution, spec, inputs or {})
    try:
        result = call_model(execution, spec, module, values)
    except SpecError as error:
        if inputs and not _fails_anyway(error, spec, module, inputs):
            raise UsageError(error.problem, where=error.where, hint=error.hint) from None
        raise
    refresh(module)
    return result


def _fails_anyway(
    error: SpecError, spec: Spec, module: SpecModule, inputs: Mapping[str, Form]
) -> bool:
    """Whether the same place fails for inputs of any size, so that the spec is to blame."""
    if module.again is None:
        return True
    opened: dict[str, Form] = {
        name: (tuple(Deferred(f"a size of {name}") for _ in shape), dtype)
        for name, (shape, dtype) in inputs.items()
    }
    other = _failure(spec, module.again(), opened)
    if not isinstance(other, SpecError):
        return other is not None
    if other.where == error.where:
        return True  # else it may have failed for want of a number: try others
    doubled: dict[str, Form] = {
        name: (tuple(2 * size for size in shape), dtype) for name, (shape, dtype) in inputs.items()
    }
    other = _failure(spec, module.again(), doubled)
    return other is not None and _head(other) == _head(error)


def _failure(spec: Spec, module: SpecModule, inputs: Mapping[str, Form]) -> ParamctlError | None:
    execution = Execution(mode="shapes")
    try:
        call_model(execution, spec, module, placeholders(execution, spec, inputs))
    except ParamctlError as error:
        return error
    return None


def _head(error: ParamctlError) -> tuple[str, str]:
    """Place and problem, without the calls around it."""
    return error.where, error.problem.split("\n")[0]


def placeholders(execution: Execution, spec: Spec, inputs: Mapping[str, Form]) -> dict[str, Any]:
    """A value for every input of the model: given, by default, or with open sizes.

    Raises:
        UsageError: an input that the model does not have, or that its declaration refuses.
    """
    names = spec.input_names
    for name in inputs:
        if name not in names:
            similar = near(name, names)
            hint = f"did you mean {similar[0]}?" if similar else f"it takes {', '.join(names)}"
            raise UsageError(f"the model has no input '{name}'", hint=hint)
    free: dict[str, Unknown] = {}
    values: dict[str, Any] = {}
    for name in names:
        declared = spec.inputs.get(name)
        if name in inputs:
            shape, dtype = inputs[name]
            if declared is not None:
                check_shape(declared, shape)
            values[name] = execution.placeholder(tuple(shape), dtype, name)
        elif declared is None or not declared.has_default:
            values[name] = _open_input(execution, name, declared, free)
    return with_defaults(execution, spec, values)


def _open_input(
    execution: Execution, name: str, declared: InputDeclaration | None, free: dict[str, Unknown]
) -> Tensor:
    hint = f"give its shape: --input {name}=2x20"
    if declared is None or declared.shape is None:
        raise UsageError(f"the shape of the input '{name}' is not known", hint=hint)
    shape: list[Size] = []
    for size in declared.shape:
        if isinstance(size, int):
            shape.append(size)
        elif size == "?":
            shape.append(Deferred(f"a size of {name}", hint=hint))
        else:
            shape.append(free.setdefault(size, Deferred(f"{size} of {name}", hint=hint)))
    return execution.placeholder(tuple(shape), declared.dtype, name)


def check_shape(declared: InputDeclaration, shape: Sequence[Size]) -> None:
    """Compare a shape with what the spec declares.

    Raises:
        UsageError: the rank or a size differs.
    """
    if declared.shape is None:
        return
    wanted = [size if isinstance(size, int) else str(size) for size in declared.shape]
    fits = len(wanted) == len(shape) and all(
        not isinstance(want, int) or isinstance(size, Unknown) or want == size
        for want, size in zip(wanted, shape, strict=True)
    )
    if not fits:
        raise UsageError(
            f"the input '{declared.name}' is [{', '.join(map(str, wanted))}] by the spec"
            f" ({declared.place.short}), found {show(shape)}"
        )


def with_defaults(execution: Execution, spec: Spec, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values in the order of the model's inputs, defaults computed from those given.

    Raises:
        UsageError: an input without a default is missing.
    """
    from paramctl.expression.parse import Code

    found = dict(values)
    for name in spec.input_names:
        if name in found:
            continue
        declared = spec.inputs.get(name)
        if declared is None or not declared.has_default:
            raise UsageError(f"the model needs the input '{name}'", hint=f"--input {name}=…")
        default = declared.default
        if isinstance(default, Code):
            scope = {**spec.config, **found}
            default = default.evaluate(scope, Functions(execution))
        found[name] = default
    return {name: found[name] for name in spec.input_names}


def call_model(execution: Execution, spec: Spec, module: Module, values: Mapping[str, Any]) -> Any:
    """What the model makes of its inputs, in any mode.

    Raises:
        SpecError: with the place in the spec and the calls around it.
    """
    try:
        return execution.call(module, *values.values())
    except LanguageError as error:
        raise _placed(error, spec, module) from None
    except RecursionError:
        problem = "the model is nested too deeply to run"
        raise SpecError(problem, where=shown(spec.path)) from None


def _placed(error: LanguageError, spec: Spec, module: Module) -> ParamctlError:
    site = getattr(module, "site", None)
    mistake = site.placed(error) if site is not None else error
    if not isinstance(mistake, ParamctlError):
        mistake = SpecError(error.message, where=shown(spec.path), hint=error.hint)
    if error.frames:
        calls = ["  " + line for line in lines(error.frames)]
        mistake.problem = "\n".join([mistake.problem, *calls])
    return mistake


def refresh(module: Module) -> None:
    """Give every parameter the sizes that are known by now, and learn from those that have some.

    For after a checkpoint was bound, when tensors have shapes that arguments don't know of.

    Raises:
        SpecError: a tensor has another size than the spec says.
    """
    own = [found for _, found in module.named_modules() if isinstance(found, SpecModule)]
    for step in (SpecModule.learn, SpecModule.refresh):
        for found in own:
            try:
                step(found)
            except LanguageError as error:
                raise _misfit(error, found) from None


def _misfit(error: LanguageError, module: SpecModule) -> ParamctlError:
    mistake = module.site.placed(error) if module.site else error
    if isinstance(mistake, ParamctlError):
        return mistake
    return SpecError(error.message, hint=error.hint)


def unknown_sizes(module: Module) -> list[tuple[str, Parameter]]:
    """The parameters of which a size is still unknown, with their names."""
    return [(name, found) for name, found in module.unique_parameters() if found.is_deferred]


def require_known(module: Module) -> None:
    """Refuse to go on while sizes are unknown.

    Raises:
        UsageError: naming the first such tensor and how to give the size.
    """
    for name, parameter in unknown_sizes(module):
        size = next(size for size in parameter.shape if isinstance(size, Unknown))
        raise UsageError(
            f"{name} {show(parameter.shape)}: {size.name} is not known yet",
            hint=size.hint or "give the shape of the input: --input x=2x20",
        )
