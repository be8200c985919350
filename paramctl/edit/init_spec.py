"""What a spec says about the tensors of a model: their layers, axes, schemes and padding rows."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from paramctl.edit.init_layers import Layer
from paramctl.engine.module import Module
from paramctl.engine.parameter import Parameter
from paramctl.engine.unknown import Unknown
from paramctl.errors import ParamctlError, SpecError
from paramctl.expression.values import describe
from paramctl.init.axes import Fans, fans
from paramctl.init.base import Axes, Initializer
from paramctl.init.constant import Zeros
from paramctl.init.defaults import Part
from paramctl.init.fusion import fused_role
from paramctl.init.scheme import as_initializer
from paramctl.manifest import Entry, Manifest
from paramctl.select.choose import choose
from paramctl.spec.build import build
from paramctl.spec.load import Spec, load_spec
from paramctl.spec.manifest import manifest_of
from paramctl.spec.recognize import find_family
from paramctl.spec.spellings import Spellings

_BIAS = re.compile(r"(?:.*_)?bias(?:_.*)?")
_INPUT = re.compile(r".*_ih(?:_.*)?")
_RECURRENT = {"RNN": 1, "GRU": 3, "LSTM": 4}
Owned = tuple[str, Module, str, Parameter]


def owned(module: Module) -> Iterator[Owned]:
    """Every tensor that a checkpoint of the model holds: full name, owner, own name, parameter."""
    for path, owner in module.named_modules():
        for name, parameter in owner.parameters.items():
            if parameter is not None and parameter.persistent:
                yield f"{path}.{name}" if path else name, owner, name, parameter


def spec_layers(spec: Spec, module: Module, manifest: Manifest) -> dict[str, Layer]:
    """What the spec says about each canonical name.

    The rules under ``init:`` come before the schemes of the layers; the last match wins. A
    rule that matches weights leaves vectors such as norms to their layers; one that matches
    vectors only is for them.

    Args:
        manifest: the names that the rules select from.
    """
    ruled = _ruled(spec, manifest)
    found: dict[str, Layer] = {}
    for full, owner, name, parameter in owned(module):
        if full in found or (full in manifest and manifest[full].is_alias):
            continue
        scheme, rule = ruled.get(full) or (parameter.init, f"{owner.type_name}.{name}")
        found[full] = Layer(
            _kind(owner, name, parameter),
            _axes(owner, parameter),
            part=_part(owner, name, parameter),
            own=_own(owner, name, parameter, scheme),
            rule=rule,
            padding=_padding(owner, name),
        )
    return found


def family_layers(config: Mapping[str, Any] | None, manifest: Manifest) -> dict[str, Layer]:
    """What a built-in family says about the tensors of a checkpoint, by their names in the file.

    Empty where ``config.json`` names no built-in family. Where the checkpoint has another
    shape than the family, nothing is said of that tensor.
    """
    name = find_family(config) if config else None
    if name is None:
        return {}
    spec = load_spec(name, config)
    spellings = Spellings(spec.prefixes, spec.renamed)
    module = build(spec, spellings.present(manifest.names))
    own = manifest_of(module)
    found: dict[str, Layer] = {}
    for full, layer in spec_layers(spec, module, own).items():
        stored = next((name for name in spellings.of(full) if name in manifest), None)
        if stored is not None and _is_alike(own[full], manifest[stored]):
            found[manifest[stored].tied_to or stored] = layer
    return found


def _is_alike(wanted: Entry, held: Entry) -> bool:
    return len(wanted.shape) == len(held.shape) and all(
        size in (None, other) for size, other in zip(wanted.shape, held.shape, strict=True)
    )


def _axes(owner: Module, parameter: Parameter) -> Axes:
    """The roles of a tensor's axes; an embedding's fan_in is its width, as torch and flax count."""
    shares, turns = _fused(owner)
    axes = tuple(
        fused_role(role, shares, turns) if role == "out" and len(shares) > 1 else role
        for role in parameter.axes
    )
    return axes[::-1] if owner.type_name == "Embedding" and axes == ("in", "out") else axes


def _fused(owner: Module) -> tuple[tuple[int, ...], int]:
    """How the outputs of a layer are shared, and in how many turns; one share where they are not.

    Raises:
        SpecError: ``fused`` is no count and no list of sizes, or ``turns`` no count.
    """
    given, turns = owner.arguments.get("fused", 1), owner.arguments.get("turns", 1)
    sizes = given if isinstance(given, list | tuple) else [given]
    if any(isinstance(number, Unknown) for number in (*sizes, turns)):
        return (1,), 1
    shares = tuple(sizes) if sizes is given else (1,) * _count(owner, given)
    for number in (*shares, turns):
        _count(owner, number)
    return shares, turns


def _count(owner: Module, number: Any) -> int:
    if isinstance(number, int) and not isinstance(number, bool) and 0 < number < 10_000_000:
        return number
    problem = f"fused and turns are counts, or fused a list of sizes, not {describe(number)}"
    raise SpecError(problem, where=str(owner.place or owner.type_name))


def _ruled(spec: Spec, manifest: Manifest) -> dict[str, tuple[str, str]]:
    """Canonical name to the scheme and the selection of the rule that wins."""
    found: dict[str, tuple[str, str]] = {}
    for selection, scheme in spec.init.items():
        matched = choose(manifest, [selection], allow_empty=True, has_spec=True)
        weights = [entry for entry in matched if len(entry.shape) >= 2]
        for entry in weights or matched:
            found[entry.tied_to or entry.name] = scheme, f"init: {selection}"
    return found


def _role(owner: Module) -> str:
    return getattr(owner, "role", "") or ""


def _own(owner: Module, name: str, parameter: Parameter, scheme: Any) -> Initializer | None:
    """The scheme that the model states; zeros for a bias about which it states nothing."""
    if scheme is not None:
        return as_initializer(scheme)
    is_lone = _kind(owner, name, parameter) == "bias" and _part(owner, name, parameter) is None
    return Zeros() if is_lone else None


def _kind(owner: Module, name: str, parameter: Parameter) -> str:
    if parameter.kind != "parameter":
        return "buffer"
    if len(parameter.shape) >= 2:
        return "weight"
    if _role(owner) == "norm" or "Norm" in owner.type_name:
        return "norm"
    return "bias" if _BIAS.fullmatch(name) else "other"


def _part(owner: Module, name: str, parameter: Parameter) -> Part | None:
    """What the defaults of other frameworks need to know."""
    part = "bias" if _BIAS.fullmatch(name) else "weight"
    if _kind(owner, name, parameter) == "norm":
        return Part("norm", part)
    if owner.type_name == "Embedding":
        return Part("embedding", part)
    if owner.type_name in _RECURRENT:
        side = "input" if _INPUT.fullmatch(name) else "hidden"
        hidden = _hidden(owner, name)
        label = side if part == "weight" else f"{side}_bias"
        return Part("recurrent", label, hidden, _RECURRENT[owner.type_name])
    weight = parameter if part == "weight" else owner.parameters.get(name.replace("bias", "weight"))
    both = _fans(weight)
    if both is not None and owner.type_name.startswith("ConvTranspose"):
        return Part("transposed", part, both.fan_out)
    return None if both is None else Part("linear", part, both.fan_in)


def _hidden(owner: Module, name: str) -> int | None:
    """The hidden size: the last axis of the weight that goes from state to state."""
    weight = owner.parameters.get(re.sub(r".*_(ih|hh)", "weight_hh", name))
    size = weight.shape[-1] if weight is not None and weight.shape else None
    return size if isinstance(size, int) else None


def _fans(weight: Parameter | None) -> Fans | None:
    if weight is None or any(isinstance(size, Unknown) for size in weight.shape):
        return None
    try:
        return fans(_sizes(weight), weight.axes)
    except ParamctlError:
        return None


def _sizes(parameter: Parameter) -> list[int]:
    return [size for size in parameter.shape if isinstance(size, int)]


def _padding(owner: Module, name: str) -> int | None:
    """The row of an embedding that stays zero."""
    arguments: Mapping[str, Any] = owner.arguments
    row = arguments.get("padding_idx")
    return row if name == "weight" and isinstance(row, int) and not isinstance(row, bool) else None
