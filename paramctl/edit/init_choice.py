"""Which rule draws which tensor: exact name over rule over default, the last rule first."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from paramctl.edit.init_layers import Layer
from paramctl.errors import SelectionError, UsageError
from paramctl.init.base import Initializer
from paramctl.init.constant import Zeros
from paramctl.init.defaults import layer_default
from paramctl.init.draw import expect_fit
from paramctl.init.fusion import is_fused
from paramctl.init.rules import DEFAULT, Rule, framework_of, is_default
from paramctl.init.scheme import parse_scheme
from paramctl.manifest import Entry, Manifest
from paramctl.names import show
from paramctl.select.choose import choose

KEEP = "keep"
_NAMED = 8


class Choice(NamedTuple):
    """How one tensor is drawn.

    Attributes:
        entry: its canonical entry.
        layer: what is known of it.
        initializer: ``None`` leaves its values.
        scheme: the text behind it.
        rule: which rule chose it, for ``--explain``.
        is_drawn: whether a scheme drew it as a weight, not as a bias or norm beside one.
        is_by_rule: whether a rule with a selection chose it.
    """

    entry: Entry
    layer: Layer
    initializer: Initializer | None
    scheme: str
    rule: str
    is_drawn: bool = False
    is_by_rule: bool = False


@dataclass(frozen=True)
class Chooser:
    """The rules of one command over one model.

    Attributes:
        rules: in the order given; those without a selection are the scheme for the rest.
        bias: what biases get under a scheme without a selection: a scheme's text, ``keep``,
            ``default``, or ``None``, which is zeros, and the default under ``default``.
        layer: what is known of an entry.
    """

    manifest: Manifest
    rules: tuple[Rule, ...]
    bias: str | None
    layer: Callable[[Entry], Layer]

    def choices(self, entries: Sequence[Entry]) -> list[Choice]:
        """One choice per entry.

        Raises:
            UsageError: a rule matches none of them, a scheme can't apply, or a default is not
                known; all such tensors are named.
        """
        selected = [rule for rule in self.rules if rule.select is not None]
        hits = {rule: self._hits(rule, entries) for rule in selected}
        only_vectors = all(len(entry.shape) < 2 for entry in entries)
        found, unknown = [], []
        for entry in entries:
            layer = self.layer(entry)
            rule = _winner(entry, selected, hits)
            try:
                if rule is not None:
                    by = f"--scheme {rule.select}"
                    chosen = self._by(rule.scheme, by, entry, layer, is_drawn=True)
                    found.append(chosen._replace(is_by_rule=True))
                else:
                    found.append(self._by_default(entry, layer, only_vectors))
            except _NoDefaultError:
                unknown.append(entry.name)
        if unknown:
            raise _no_defaults(unknown)
        return found

    def _hits(self, rule: Rule, entries: Iterable[Entry]) -> set[str]:
        """Canonical names of the entries that a rule's selection matches."""
        matched = choose(self.manifest, [rule.select or ""], has_spec=_has_types(self.manifest))
        names = {entry.tied_to or entry.name for entry in matched}
        hit = names & {entry.name for entry in entries}
        if not hit:
            problem = f"'{show(rule.select or '')}' matches nothing that is initialized"
            raise SelectionError(
                problem, hint=f"select it too, or leave out its rule: {rule.scheme}"
            )
        return hit

    def _by_default(self, entry: Entry, layer: Layer, only_vectors: bool) -> Choice:
        """The choice where no rule with a selection matches."""
        general = [rule.scheme for rule in self.rules if rule.select is None]
        scheme = general[-1] if general else DEFAULT
        if is_default(scheme):
            if layer.kind == "bias" and self.bias is not None:
                return self._bias(entry, layer)
            is_weight = len(entry.shape) >= 2
            return self._by(scheme, f"--scheme {scheme}", entry, layer, is_drawn=is_weight)
        if only_vectors or (len(entry.shape) >= 2 and layer.kind != "bias"):
            return self._by(scheme, "--scheme", entry, layer, is_drawn=True)
        if layer.kind == "bias":
            return self._bias(entry, layer)
        if layer.kind == "norm" or layer.own is not None:
            return self._by(DEFAULT, f"default of a {layer.kind}", entry, layer)
        return Choice(entry, layer, None, KEEP, "rank below 2, and no rule names it")

    def _bias(self, entry: Entry, layer: Layer) -> Choice:
        if self.bias is None:
            return Choice(entry, layer, Zeros(), "zeros", "biases are zeros unless --bias says")
        if self.bias == KEEP:
            return Choice(entry, layer, None, KEEP, "--bias keep")
        return self._by(self.bias, "--bias", entry, layer)

    def _by(
        self, scheme: str, rule: str, entry: Entry, layer: Layer, *, is_drawn: bool = False
    ) -> Choice:
        """The choice of a scheme, once it is sure that it applies."""
        if is_default(scheme):
            own, text, why = _default(scheme, layer)
            _expect_fit(own, text, entry, layer)
            rule = f"{rule}: {why}" if why else rule
            return Choice(entry, layer, own, text, rule, is_drawn)
        initializer = parse_scheme(scheme)
        _expect_fit(initializer, scheme, entry, layer)
        rule += _of_layers(initializer, layer)
        return Choice(entry, layer, initializer, scheme, rule, is_drawn)


def _of_layers(initializer: Initializer, layer: Layer) -> str:
    """That each of the layers in a tensor has its own fans or matrix, where that matters."""
    shared = [role for role in layer.axes if is_fused(role)]
    matters = shared and (initializer.needs_fans or initializer.whole)
    return f" on each layer of {' '.join(layer.axes)}" if matters else ""


class _NoDefaultError(Exception):
    """Nobody says how such a tensor is drawn."""


def _default(scheme: str, layer: Layer) -> tuple[Initializer, str, str]:
    framework = framework_of(scheme)
    if layer.own is not None and (framework is None or layer.part is None):
        return layer.own, _text(layer.own), layer.rule
    if layer.part is None:
        raise _NoDefaultError
    framework = framework or "torch"
    chosen = layer_default(framework, layer.part)
    where = "" if layer.part.layer == "norm" else f"{framework}'s "
    return chosen, _text(chosen), f"{where}{layer.part.layer} {layer.part.part}"


def _text(initializer: Initializer) -> str:
    """An initializer as the user would write it."""
    from paramctl.init.base import INITIALIZERS

    names = [name for name in INITIALIZERS.names() if INITIALIZERS[name] is type(initializer)]
    return initializer.spelled(names[0]) if names else repr(initializer)


def _expect_fit(initializer: Initializer, scheme: str, entry: Entry, layer: Layer) -> None:
    """Refuse a scheme that can't fill the tensor, with the tensor's name and what to do."""
    shape = tuple(size or 0 for size in entry.shape)
    where = show(entry.name)
    if initializer.needs_fans and len(shape) >= 2 and not layer.axes:
        doubt = f": {layer.doubt}" if layer.doubt else ""
        problem = f"which axis is in and which is out is not known{doubt}"
        spatial = ["spatial"] * (len(shape) - 2)
        roles = " ".join(["expert", "out", "in"] if len(shape) == 3 else ["in", "out", *spatial])
        raise UsageError(
            problem, where=where, hint=f'say it: --axes "{where}={roles}", or use a spec'
        )
    try:
        expect_fit(initializer, entry.name, shape, entry.dtype, layer.axes)
    except UsageError as error:
        vector = len(shape) < 2 and initializer.needs_fans
        hint = "give it a scheme without fans, such as zeros or normal(std=0.02)" if vector else ""
        problem = f"{error.problem} ({scheme})" if vector else error.problem
        raise UsageError(problem, where=error.where, hint=error.hint or hint) from None


def _winner(entry: Entry, rules: Sequence[Rule], hits: dict[Rule, set[str]]) -> Rule | None:
    """The rule for an entry: one with its exact name, else the last that matches."""
    matching = [rule for rule in rules if entry.name in hits[rule]]
    exact = [rule for rule in matching if rule.select == entry.name]
    found = exact or matching
    return found[-1] if found else None


def _has_types(manifest: Manifest) -> bool:
    return any(entry.module_type for entry in manifest)


def _no_defaults(names: list[str]) -> UsageError:
    listed = ", ".join(show(name) for name in names[:_NAMED])
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return UsageError(
        f"no default is known for {listed}{more}",
        hint=f"give a rule: --scheme '{show(names[0])}=normal(std=0.02)', or use a spec",
    )
