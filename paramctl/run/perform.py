"""From a request to a result: open, bind, run, compare, go backward, save."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paramctl.binding.model import Model, fitting_model, free_model
from paramctl.compute.backend import Backend
from paramctl.compute.devices import choose_device
from paramctl.engine.execution import Hook
from paramctl.errors import UsageError
from paramctl.formats.destination import Destination
from paramctl.init.rules import parse_rule
from paramctl.names import show
from paramctl.run.arrays import read_arrays
from paramctl.run.compare import compare_saved
from paramctl.run.drawn import draw_model, draw_rest
from paramctl.run.finite import FiniteWatch
from paramctl.run.forward import Outcome, Setting, forward, settle
from paramctl.run.gradients import go_backward, seeds, sizes, symmetric
from paramctl.run.held import HeldArray
from paramctl.run.inputs import Inputs
from paramctl.run.lockstep import Parting, side_by_side
from paramctl.run.request import Request, Result
from paramctl.run.save import destination, save
from paramctl.run.trace import Trace
from paramctl.sources.open import open_source


def perform(request: Request, watchers: Sequence[Hook] = ()) -> Result:
    """Run a model as asked for.

    Args:
        watchers: further hooks, told of every module before and after it runs.

    Raises:
        UsageError: an input, an option or a destination that can't be.
        CheckpointError: a model is missing, malformed, or does not fit its spec.
        SpecError: the spec breaks a rule.
        ResourceError: no such device, it fails, or what is to be saved can't be written.
    """
    with ExitStack() as stack:
        return _Performance(request, stack, tuple(watchers)).run()


@dataclass
class _Performance:
    """The steps of one run."""

    request: Request
    stack: ExitStack
    watchers: tuple[Hook, ...] = ()
    notes: list[str] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)

    def run(self) -> Result:
        request = self.request
        chosen = choose_device(request.device)
        self.notes += [chosen.note] if chosen.note else []
        self.stack.enter_context(chosen.backends[0].here())
        model = self.load(request.model)
        arrays = self.arrays(model)
        settle(model, arrays)
        self.finish(model)
        places = self.places()
        wanted = read_arrays(request.expect) if request.expect else None
        target = read_arrays(request.target) if request.target else {}
        watch, trace = FiniteWatch(), Trace() if request.trace else None
        hooks: list[Hook] = [watch, *([trace] if trace else []), *self.watchers]
        outcome, difference = self.forward(model, arrays, chosen.backends, hooks)
        held = {name: HeldArray(name, array) for name, array in outcome.arrays().items()}
        if wanted is not None and difference is None:
            own = {name: one.array for name, one in held.items()}
            difference = compare_saved(own, wanted, request.tolerance)
        is_beside = request.compare is not None or len(chosen.backends) > 1
        compared = len(held) if is_beside else len(wanted or ())
        gradients = self.backward(model, outcome, target) if request.loss else None
        self.save(model, held, outcome.execution.backend, places)
        return Result(
            "+".join(backend.device for backend in chosen.backends),
            held,
            trace.rows if trace else None,
            gradients,
            difference,
            compared,
            watch.nan,
            watch.inf,
            self.notes,
        )

    def load(self, word: str | None) -> Model:
        """A model with its checkpoint bound, or a spec alone."""
        request = self.request
        if word is None:
            if request.spec is None:
                raise UsageError("neither a SPEC nor a MODEL is given")
            return free_model(request.spec, request.overrides)
        source = self.stack.enter_context(open_source(word))
        self.files += source.local_files
        model = fitting_model(source, request.spec, request.overrides)
        assert model.binding is not None
        self.notes += [*source.notes, *model.binding.notes]
        return model

    def finish(self, model: Model) -> None:
        """Values for what no checkpoint gives, once all sizes are known."""
        request = self.request
        if model.binding is None:
            rules = [parse_rule(text) for text in request.schemes]
            draw_model(model, rules, request.seed, request.bias)
        else:
            draw_rest(model, request.seed)

    def arrays(self, model: Model) -> dict[str, Any]:
        """The inputs."""
        request = self.request
        inputs = Inputs(model.spec.inputs, request.given, request.shape, request.seed)
        self.files += [given.path for given in request.given.values() if given.kind == "file"]
        return inputs.arrays(model.spec.input_names)

    def places(self) -> dict[str, Destination]:
        """Where results go, chosen before anything is computed."""
        request = self.request
        paths = {"outputs": request.save, "gradients": request.save_gradients}
        if request.save is not None and request.save == request.save_gradients:
            raise UsageError("--save and --save-grads name the same file")
        others = [path for path in (request.expect, request.target) if path]
        return {
            what: destination(path, [*self.files, *others], force=request.force)
            for what, path in paths.items()
            if path is not None
        }

    def forward(
        self,
        model: Model,
        arrays: Mapping[str, Any],
        backends: Sequence[Backend],
        hooks: list[Hook],
    ) -> tuple[Outcome, Parting | None]:
        """The run itself, beside another one where two are compared."""
        request = self.request
        own = Setting(backends[0], request.dtype, "tape" if request.loss else "arrays")
        if request.compare is None and len(backends) == 1:
            return forward(model, arrays, own, hooks), None
        other = self.load(request.compare or request.model)
        settle(other, arrays)
        self.finish(other)
        beside = Setting(backends[-1], request.dtype)
        outcome, parting = side_by_side(
            lambda leader: forward(other, arrays, beside, [leader]),
            lambda follower: forward(model, arrays, own, [*hooks, follower]),
            request.tolerance,
        )
        assert isinstance(outcome, Outcome)
        return outcome, parting

    def backward(self, model: Model, outcome: Outcome, target: Mapping[str, Any]) -> Any:
        """Gradients by the parameters' names in the checkpoint."""
        assert self.request.loss is not None
        if len(target) == len(outcome.outputs) == 1:
            target = dict(zip(outcome.outputs, target.values(), strict=True))
        run = outcome.execution
        go_backward(run, outcome.outputs, seeds(run, outcome.outputs, self.request.loss, target))
        names = model.stored_names
        found = sizes(model.module, run.backend.xp)
        named = {names.get(name, name): gradient for name, gradient in found.items()}
        self.notes += _of_symmetry(symmetric(named))
        return named

    def save(
        self,
        model: Model,
        held: Mapping[str, HeldArray],
        backend: Backend,
        places: Mapping[str, Destination],
    ) -> None:
        """Outputs and gradients into their files; a parameter without a gradient has no tensor."""
        if "outputs" in places:
            save(places["outputs"], {name: one.array for name, one in held.items()})
        if "gradients" in places:
            names = model.stored_names
            arrays = {
                names.get(name, name): backend.to_numpy(parameter.grad)
                for name, parameter in model.module.unique_parameters()
                if parameter.grad is not None
            }
            save(places["gradients"], arrays)


def _of_symmetry(names: Sequence[str]) -> list[str]:
    if not names:
        return []
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return [
        f"{', '.join(map(show, names[:3]))}{more}: all units are equal and get equal gradients, "
        "so they stay equal; draw them at random"
    ]
