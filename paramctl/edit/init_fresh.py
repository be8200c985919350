"""A new checkpoint from a spec: every tensor is drawn, ties are stored once."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from paramctl.dtypes import WRITE_ORDER
from paramctl.edit.content import Made
from paramctl.edit.draft import Draft
from paramctl.edit.init import Init, encoded
from paramctl.edit.init_choice import Choice, Chooser
from paramctl.edit.init_layers import Layer
from paramctl.edit.init_spec import manifest_of, spec_layers
from paramctl.edit.plan import Change, Chosen, Plan, Step
from paramctl.engine.module import Module
from paramctl.engine.unknown import Unknown
from paramctl.errors import ParamctlError, UsageError
from paramctl.formats.header import Header
from paramctl.manifest import Entry, Manifest
from paramctl.names import natural_key, show
from paramctl.sources.files import Files
from paramctl.sources.source import Source
from paramctl.spec.build import build
from paramctl.spec.load import Spec
from paramctl.spec.module import SpecModule
from paramctl.spec.shapes import Form, infer_shapes, require_known, unknown_sizes

_METADATA = {"format": "pt"}  # what the readers of transformers ask for


def sized_model(spec: Spec, inputs: Mapping[str, Form] | None = None) -> SpecModule:
    """The module tree of a spec with every size known.

    Args:
        inputs: shape and dtype of inputs, from which open sizes follow.

    Raises:
        SpecError: the spec is wrong.
        UsageError: a size is still unknown; the hint says how to give it.
    """
    module = build(spec)
    if inputs:
        infer_shapes(spec, module, inputs)
    elif unknown_sizes(module):
        _infer_alone(spec, module)
    require_known(module)
    return module


def _infer_alone(spec: Spec, module: SpecModule) -> None:
    """Find sizes that follow from the spec alone: undeclared inputs are rows of features."""
    rows: dict[str, Form] = {
        name: ((Unknown("batch"), Unknown("features")), "float32")
        for name in spec.input_names
        if name not in spec.inputs
    }
    try:
        infer_shapes(spec, module, rows)
    except ParamctlError:
        if not rows:
            raise
    if rows and unknown_sizes(module):
        infer_shapes(spec, build(spec), {})  # says which input's shape is wanted


def plan_fresh(spec: Spec, module: Module, step: Step) -> Plan:
    """The plan of a new checkpoint: the step's rules for what it selects, defaults for the rest.

    Raises:
        UsageError: a scheme can't apply to a tensor, or the model has none.
    """
    assert isinstance(step.edit, Init), "a new checkpoint is initialized"
    manifest = manifest_of(module)
    if not len(manifest):
        raise UsageError("the model has no tensors", where=show(str(spec.path)))
    chosen = step.edit.choose(manifest, step)
    layers = spec_layers(spec, module, manifest)
    draft = Draft(_nothing(spec))
    found = _choices(step.edit, manifest, layers, chosen)
    for choice in sorted(found, key=lambda choice: _library_key(choice.entry), reverse=True):
        entry = choice.entry
        make = partial(encoded, choice, step.edit.seed)
        draft.add(entry.name, entry.dtype, entry.shape, Made(entry.nbytes or 0, make))
    for kept, *aliases in manifest.ties:
        for alias in aliases:
            draft.tie(kept, alias)
    changes = [Change(entry.name, "added", None, entry) for entry in manifest]
    changes.sort(key=lambda change: natural_key(change.name))
    return Plan(draft, (step,), (Chosen(len(chosen), len(manifest)),), tuple(changes))


def _choices(
    edit: Init, manifest: Manifest, layers: Mapping[str, Layer], chosen: list[Entry]
) -> list[Choice]:
    """One choice per stored tensor, in the order of the model; all of them are drawn."""
    wanted = {entry.tied_to or entry.name for entry in chosen}
    given = edit.given_axes(manifest)

    def layer(entry: Entry) -> Layer:
        found = layers[entry.name]
        return found._replace(axes=given.get(entry.name, found.axes))

    selected = [entry for entry in manifest.stored if entry.name in wanted]
    others = [entry for entry in manifest.stored if entry.name not in wanted]
    default = Chooser(manifest, (), None, layer)
    mine = replace(default, rules=edit.rules, bias=edit.bias)
    found = {choice.entry.name: choice for choice in default.choices(others)}
    for choice in mine.choices(selected):
        fallback = choice.initializer is None  # there is nothing to keep in a new checkpoint
        found[choice.entry.name] = default.choices([choice.entry])[0] if fallback else choice
    ordered = [found[entry.name] for entry in manifest.stored]
    if edit.tell is not None:
        for choice in ordered:
            edit.tell(choice)
    return ordered


def _nothing(spec: Spec) -> Source:
    """The source of a checkpoint that does not exist yet: one file without tensors."""
    header = Header((), dict(_METADATA), (), 0, 0)
    path = spec.path
    return Source(
        path, show(str(path)), None, Manifest([]), (), (header,), None, None, None, Files()
    )


def _library_key(entry: Entry) -> tuple[int, str]:
    return WRITE_ORDER[entry.dtype], entry.name
