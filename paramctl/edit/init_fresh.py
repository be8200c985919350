"""A new checkpoint from a spec: every tensor is drawn, ties are stored once."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from paramctl.columns import Columns
from paramctl.dtypes import WRITE_ORDER
from paramctl.edit.content import Made
from paramctl.edit.draft import Draft
from paramctl.edit.init import Init, encoded
from paramctl.edit.init_choice import Choice, Chooser
from paramctl.edit.init_layers import Layer
from paramctl.edit.init_spec import spec_layers
from paramctl.edit.plan import Change, Chosen, Plan, Step
from paramctl.engine.module import Module
from paramctl.errors import UsageError
from paramctl.formats.header import Header
from paramctl.init.rules import Rule
from paramctl.manifest import Entry, Manifest
from paramctl.names import natural_key, show
from paramctl.sources.local import LocalPlace
from paramctl.sources.source import Source
from paramctl.spec.build import build
from paramctl.spec.load import Spec
from paramctl.spec.manifest import manifest_of
from paramctl.spec.module import SpecModule
from paramctl.spec.shapes import Form, infer_shapes, require_known, unknown_sizes
from paramctl.spec.sized import sized

_METADATA = {"format": "pt"}  # what the readers of transformers ask for


def sized_model(spec: Spec, inputs: Mapping[str, Form] | None = None) -> SpecModule:
    """The module tree of a spec with every size known.

    Args:
        inputs: shape and dtype of inputs, from which open sizes follow.

    Raises:
        SpecError: the spec is wrong.
        UsageError: a size is still unknown; the hint says how to give it.
    """
    module = sized(spec, inputs)
    if not inputs and unknown_sizes(module):
        infer_shapes(spec, build(spec), {})  # says which input's shape is wanted
    require_known(module)
    return module


def plan_fresh(spec: Spec, module: Module, step: Step) -> Plan:
    """The plan of a new checkpoint: the step's rules for what it selects, defaults for the rest.

    Raises:
        UsageError: a scheme can't apply to a tensor, or the model has none.
    """
    assert isinstance(step.edit, Init), "a new checkpoint is initialized"
    manifest = manifest_of(module)
    if not len(manifest):
        raise UsageError("the model has no tensors", where=show(str(spec.path)))
    chosen = step.choose(manifest)
    edit = step.edit
    layers = spec_layers(spec, module, manifest)
    layers.update(
        (name, layers[name]._replace(axes=a)) for name, a in edit.given_axes(manifest).items()
    )
    draft = Draft(_nothing(spec))
    found = fresh_choices(manifest, layers, edit.rules, edit.bias, chosen)
    if edit.tell is not None:
        list(map(edit.tell, found))
    for choice in sorted(found, key=lambda choice: _library_key(choice.entry), reverse=True):
        entry = choice.entry
        make = partial(encoded, choice, edit.seed)
        draft.add(entry.name, entry.dtype, entry.shape, Made(entry.nbytes or 0, make))
    for kept, *aliases in manifest.ties:
        for alias in aliases:
            draft.tie(kept, alias)
    changes = [Change(entry.name, "added", None, entry) for entry in manifest]
    changes.sort(key=lambda change: natural_key(change.name))
    return Plan(draft, (step,), (Chosen(len(chosen), len(manifest)),), tuple(changes))


def fresh_choices(
    manifest: Manifest,
    layers: Mapping[str, Layer],
    rules: tuple[Rule, ...] = (),
    bias: str | None = None,
    chosen: Sequence[Entry] | None = None,
) -> list[Choice]:
    """How every stored tensor of a new model is drawn, in its order; none is left as it was.

    Args:
        layers: what is known of each stored name.
        rules, bias: for the chosen entries; the others take their defaults.
        chosen: all parameters where it is left out.

    Raises:
        UsageError: a scheme can't apply to a tensor, or no default is known for it.
    """
    if chosen is None:
        chosen = [entry for entry in manifest if entry.kind == "parameter"]
    wanted = {entry.tied_to or entry.name for entry in chosen}
    default = Chooser(manifest, (), None, lambda entry: layers[entry.name])
    mine = replace(default, rules=rules, bias=bias).choices(
        [entry for entry in manifest.stored if entry.name in wanted]
    )
    found = {choice.entry.name: choice for choice in mine if choice.initializer is not None}
    others = [entry for entry in manifest.stored if entry.name not in found]
    found.update((choice.entry.name, choice) for choice in default.choices(others))
    return [found[entry.name] for entry in manifest.stored]


def _nothing(spec: Spec) -> Source:
    """The source of a checkpoint that does not exist yet: one file without tensors."""
    header = Header(Columns.of(()), dict(_METADATA), (), 0, 0)
    return Source(spec.path, LocalPlace(spec.path.parent), Manifest([]), headers=(header,))


def _library_key(entry: Entry) -> tuple[int, str]:
    return WRITE_ORDER[entry.dtype], entry.name
