"""A spec's module tree: every block with its name, its tensors, its children and its forward."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from paramctl.engine.parameter import Parameter
from paramctl.engine.unknown import Unknown
from paramctl.errors import SpecError
from paramctl.expression.errors import LanguageError
from paramctl.expression.evaluate import Evaluator
from paramctl.expression.parse import Code
from paramctl.expression.place import Place
from paramctl.spec.block import Block
from paramctl.spec.constructors import Constructors, plan_of
from paramctl.spec.copies import Copier, is_settled
from paramctl.spec.count import Counter
from paramctl.spec.document import shown
from paramctl.spec.forward import (
    Trail,
    block_forward,
    block_infer,
    function_forward,
    inputs_of,
    list_forward,
    parallel_forward,
    residual_forward,
)
from paramctl.spec.limits import DEEPEST, MOST_EVALUATED, MOST_MODULES
from paramctl.spec.load import Spec
from paramctl.spec.module import SpecModule
from paramctl.spec.plans import BlockPlan, FunctionPlan, ListPlan, Plan, site_at
from paramctl.spec.scope import Scope
from paramctl.spec.sizes import known_shape
from paramctl.spec.tensors import TensorForms, TensorPlan
from paramctl.spec.ties import apply_ties


def build(spec: Spec, present: Callable[[str], bool] | None = None) -> SpecModule:
    """The module tree of a spec, its ties applied; sizes may not be known yet.

    Args:
        present: whether the checkpoint has tensors whose names begin so; nothing is without one.

    Raises:
        SpecError: with the place in the spec.
    """
    builder = _Builder(spec, present)
    try:
        root = builder.root()
        apply_ties(root, spec.ties, spec.tie_places)
        root.again = partial(build, spec, present)
    except LanguageError as error:
        raise SpecError(error.message, where=shown(spec.path), hint=error.hint) from None
    return root


class _Builder:
    def __init__(self, spec: Spec, present: Callable[[str], bool] | None) -> None:
        self.spec = spec
        self.constructors = Constructors(spec.blocks, present)
        self.config = Scope(spec.config, spec.origins)
        self.trail = Trail()
        self.count = 0
        self.evaluated = 0
        self.elements = 0
        self.open: list[str] = []

    def root(self) -> SpecModule:
        """The model itself: a block, a list, or what one expression gives."""
        model = self.spec.model
        plan = self._root_plan(model)
        Counter(self.plan, self.config).check(plan)
        if not isinstance(plan, BlockPlan) or plan.block is not model:
            return self.make(plan, "")
        module = self.from_block(plan, "")
        module.type_name, module.site = self.spec.name, None
        return module

    def _root_plan(self, model: Block | tuple[Any, ...] | Code) -> Plan:
        if isinstance(model, Block):
            return BlockPlan(model, {}, {}, site_at(model.place))
        plan = self._list_plan(model) if isinstance(model, tuple) else self.plan(model, self.config)
        if plan is None:
            raise LanguageError("the model is None")
        return plan

    def plan(self, code: Code, scope: Scope) -> Plan | None:
        """The plan that an expression gives."""
        run = Evaluator(code, scope, self.constructors)
        run.callable_kind = "layer"
        assert code.result is not None
        return plan_of(run, code.result)

    def _list_plan(self, parts: tuple[Any, ...]) -> ListPlan:
        plans = [
            self._list_plan(part) if isinstance(part, tuple) else self.plan(part, self.config)
            for part in parts
        ]
        kept = [plan for plan in plans if plan is not None]
        first = kept[0].site if kept else site_at(Place(shown(self.spec.path)))
        return ListPlan("Sequential", len(kept), kept.__getitem__, first)

    def make(self, plan: Plan, path: str) -> SpecModule:
        """The module of a plan, with everything below it.

        Raises:
            LanguageError, SpecError: it is too large, too deep, or stands inside itself.
        """
        self.evaluated += 1
        self._counted(1, plan)
        if len(self.open) > DEEPEST:
            raise plan.site.placed(LanguageError(f"modules nested more than {DEEPEST} deep"))
        if isinstance(plan, FunctionPlan):
            module = SpecModule(plan.name, path, site=plan.site, takes=1)
            module.place = plan.site.place.short
            forward = function_forward(plan.name)
            module.runs_by(lambda module: setattr(module, "forward", forward))
            return module
        self.open.append(plan.block.name if isinstance(plan, BlockPlan) else "")
        try:
            if isinstance(plan, BlockPlan):
                return self.from_block(plan, path)
            return self.from_list(plan, path)
        finally:
            self.open.pop()

    def from_list(self, plan: ListPlan, path: str) -> SpecModule:
        """A list of layers."""
        type_name = "Sequential" if plan.kind == "Repeat" else plan.kind
        module = SpecModule(type_name, path, site=plan.site, place=plan.site.place.short)
        self._fill_list(module, plan)
        options = plan.options

        def running(module: SpecModule) -> None:
            match plan.kind:
                case "Parallel":
                    module.forward = parallel_forward(module, options["merge"], options["axis"])
                case "Residual":
                    module.forward = residual_forward(module, self.trail)
                case _:
                    module.forward = list_forward(module, self.trail)

        module.runs_by(running)
        return module

    def _fill_list(self, module: SpecModule, plan: ListPlan) -> None:
        """The children: each made by itself, one for all, or copies of the first."""
        names = [(name, _join(module.path, name)) for name in plan.names()]
        if not names:
            return
        before = self.count, self.elements
        first = module.children[names[0][0]] = self.make(plan.child(0), names[0][1])
        modules, elements = self.count - before[0], self.elements - before[1]
        copier = Copier(first) if plan.is_uniform and is_settled(first) else None
        for number, (name, path) in enumerate(names[1:], 1):
            if plan.is_shared:
                module.children[name] = first
            elif copier is None:
                module.children[name] = self.make(plan.child(number), path)
            else:
                self._counted(modules, plan)
                self._sized(elements)
                module.children[name] = copier.at(path)

    def _counted(self, modules: int, plan: Plan) -> None:
        self.count += modules
        if self.count > MOST_MODULES:
            raise plan.site.placed(LanguageError(f"more than {MOST_MODULES:,} modules"))
        if self.evaluated > MOST_EVALUATED:
            error = LanguageError(
                f"more than {MOST_EVALUATED:,} modules that are each worked out anew",
                hint="layers in a Repeat are copied where they don't ask for i and know all sizes",
            )
            raise plan.site.placed(error)

    def _sized(self, elements: int) -> None:
        self.elements += elements
        if self.elements > 2**50:
            raise LanguageError("the model has more than 2**50 elements")

    def from_block(self, plan: BlockPlan, path: str) -> SpecModule:
        """A module made from a block."""
        block = plan.block
        if self.open.count(block.name) > 1:
            raise plan.site.placed(LanguageError(f"the block {block.name} stands inside itself"))
        scope = self.config.extended(plan.arguments, plan.origins)
        scope.let = block.let
        module = SpecModule(
            block.name,
            path,
            role=block.role,
            site=plan.site,
            scope=scope,
            takes=len(inputs_of(block)),
            place=plan.site.place.short,
            arguments=dict(plan.arguments),
        )
        try:
            self._fill(module, block, scope)
        except LanguageError as error:
            raise plan.site.placed(error) from None
        return module

    def _fill(self, module: SpecModule, block: Block, scope: Scope) -> None:
        for name, code in block.parameters.items():
            self._own(module, name, code, scope)
        for name, code in block.modules.items():
            plan = self.plan(code, scope)
            module.children[name] = (
                None if plan is None else self.make(plan, _join(module.path, name))
            )

        def running(module: SpecModule) -> None:
            if block.forward is not None:
                module.forward = block_forward(block, module)
            else:
                module.forward = list_forward(module, self.trail)
            module.infer = block_infer(block, module, self.trail)

        module.runs_by(running)

    def _own(self, module: SpecModule, name: str, code: Code, scope: Scope) -> None:
        """Give a module the tensor of a name, or all those that a pattern names."""
        assert code.result is not None
        run = Evaluator(code, scope, TensorForms(self.constructors.questions))
        value = run.value(code.result)
        plans = value if isinstance(value, list) else [value]
        if isinstance(value, list) != ("{i}" in name):
            error = LanguageError("Repeat and a name with {i} in it go together")
            raise run.placed(error, code.result)
        if isinstance(value, list):
            names = [name.replace("{i}", str(number)) for number in range(len(plans))]
            module.families[name.replace("{i}", "")] = names
        else:
            names = [name]
        for full, plan in zip(names, plans, strict=True):
            if not isinstance(plan, TensorPlan | None):
                error = LanguageError("a tensor is Param(…), Buffer(…), Constant(…) or None")
                raise run.placed(error, code.result)
            module.parameters[full] = self._parameter(module, full, plan) if plan else None

    def _parameter(self, module: SpecModule, name: str, plan: TensorPlan) -> Parameter:
        module.plans[name] = plan
        shape = known_shape(plan.shape)
        parameter = Parameter(
            _join(module.path, name),
            shape,
            dtype=plan.dtype,
            kind=plan.kind,
            axes=plan.axes,
            init=plan.scheme(),
            origins=tuple(
                "" if isinstance(size, Unknown) else origin
                for size, origin in zip(shape, plan.origins, strict=True)
            ),
            persistent=plan.persistent,
        )
        self._sized(parameter.numel or 0)
        return parameter


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
