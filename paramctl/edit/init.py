"""Draw tensors anew."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import prod
from typing import Any

import numpy as np

from paramctl.dtypes import DTYPES
from paramctl.edit.config import config_now
from paramctl.edit.content import Made, encode
from paramctl.edit.draft import Draft
from paramctl.edit.init_choice import KEEP, Choice, Chooser
from paramctl.edit.init_layers import Layer, layer_by_name
from paramctl.edit.init_spec import family_layers
from paramctl.edit.plan import EDITS, Edit, Step
from paramctl.errors import SelectionError, UsageError
from paramctl.formats.content import Block
from paramctl.init.axes import parse_axes
from paramctl.init.draw import draw_blocks
from paramctl.init.rules import Rule, is_default, split_place
from paramctl.init.scheme import parse_scheme
from paramctl.init.stream import check_seed
from paramctl.manifest import Entry, Manifest
from paramctl.names import show
from paramctl.select.choose import choose


@EDITS.register("init")
@dataclass(frozen=True)
class Init(Edit):
    """Re-initialize the chosen tensors, each from its own stream.

    Values depend on the seed, the canonical name, the scheme, the shape and the dtype. A tie is
    drawn once. Buffers and constants are touched only by their exact name or by ``kind:``.

    Attributes:
        rules: ``--scheme`` arguments; none means the defaults.
        seed: 0 ≤ seed < 2**64.
        bias: what biases get: a scheme's text, ``keep``, ``default`` or ``None``.
        axes: ``SELECT=ROLES`` texts, such as ``h.0.attn.c_attn.weight=in out``.
        tell: is told every choice when the plan is made.
    """

    rules: tuple[Rule, ...] = ()
    seed: int = 0
    bias: str | None = None
    axes: tuple[str, ...] = ()
    tell: Callable[[Choice], None] | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        check_seed(self.seed)
        if self.bias is not None and self.bias != KEEP and not is_default(self.bias):
            parse_scheme(self.bias)

    def choose(self, manifest: Manifest, step: Step) -> list[Entry]:
        """The chosen entries without the buffers and constants that nobody asked for.

        Raises:
            SelectionError: nothing is left.
        """
        if not step.selections:
            found = [entry for entry in manifest if entry.kind == "parameter"]
        else:
            names = {
                entry.name
                for text in step.selections
                for entry in _chosen(manifest, text, allow_empty=step.allow_empty)
            }
            found = [entry for entry in manifest if entry.name in names]
        return found

    def apply(self, draft: Draft, chosen: Sequence[Entry]) -> None:
        """Give every stored tensor behind the chosen names its new values."""
        for choice in self.choices(config_now(draft), draft.manifest, chosen):
            if self.tell is not None:
                self.tell(choice)
            if choice.initializer is not None:
                entry = choice.entry
                make = partial(encoded, choice, self.seed)
                part = None if choice.initializer.whole else make
                draft.put(entry.name, Made(entry.nbytes or 0, make, part))

    def choices(
        self, config: Mapping[str, Any] | None, manifest: Manifest, chosen: Sequence[Entry]
    ) -> list[Choice]:
        """Which rule draws which tensor, one choice per stored tensor.

        Args:
            config: the model's ``config.json``, if it has one.

        Raises:
            UsageError: a scheme can't apply to a tensor, or none is known for it.
        """
        stored = dict.fromkeys(entry.tied_to or entry.name for entry in chosen)
        given = self.given_axes(manifest)

        family = family_layers(config, manifest)

        def layer(entry: Entry) -> Layer:
            found = family.get(entry.name) or layer_by_name(entry, manifest, config)
            return found._replace(axes=given.get(entry.name, found.axes))

        chooser = Chooser(manifest, self.rules, self.bias, layer)
        return chooser.choices([manifest[name] for name in stored])

    def given_axes(self, manifest: Manifest) -> dict[str, tuple[str, ...]]:
        """Name to roles, as ``--axes`` says."""
        given: dict[str, tuple[str, ...]] = {}
        for text in self.axes:
            place = split_place(text)
            if place is None:
                raise UsageError(
                    f"expected SELECT=ROLES, found '{text}'", hint='--axes "NAME=in out"'
                )
            roles = parse_axes(text[place + 1 :])
            for entry in choose(manifest, [text[:place].strip()]):
                if len(entry.shape) != len(roles):
                    problem = f"{len(entry.shape)} axes, but roles for {len(roles)}"
                    raise UsageError(problem, where=show(entry.name))
                given[entry.tied_to or entry.name] = roles
        return given


def encoded(choice: Choice, seed: int, start: int = 0, stop: int | None = None) -> Iterator[Block]:
    """The bytes of one choice, block by block; a padding row is zero.

    Args:
        start: the byte to begin with, where a block of the stream begins.
        stop: the byte to end before.
    """
    entry, initializer = choice.entry, choice.initializer
    assert initializer is not None, "a kept tensor is not drawn"
    shape = tuple(size or 0 for size in entry.shape)
    padding = choice.layer.padding
    width = int(np.prod(shape[1:])) if shape else 1
    position, axes = start * 8 // DTYPES[entry.dtype].bits, choice.layer.axes
    end = prod(shape) if stop is None else stop * 8 // DTYPES[entry.dtype].bits
    drawn = draw_blocks(initializer, seed, entry.name, shape, entry.dtype, axes, first=position)
    for block in drawn:
        if padding is not None:
            first = max(padding * width - position, 0)
            block[first : max((padding + 1) * width - position, 0)] = 0
        yield encode(block[: end - position], entry.dtype)
        position += block.size
        if position >= end:
            return


def drawn_from(choice: Choice, seed: int, first: int) -> Iterator[Block]:
    """The bytes of one choice from an element on."""
    entry, initializer = choice.entry, choice.initializer
    assert initializer is not None, "a kept tensor is not drawn"
    shape = tuple(size or 0 for size in entry.shape)
    axes = choice.layer.axes
    for block in draw_blocks(initializer, seed, entry.name, shape, entry.dtype, axes, first=first):
        yield encode(block, entry.dtype)


def _chosen(manifest: Manifest, text: str, *, allow_empty: bool) -> list[Entry]:
    """What one selection chooses; buffers only by exact name, list of names or ``kind:``."""
    found = choose(
        manifest,
        [text],
        allow_empty=allow_empty,
        has_spec=any(entry.module_type for entry in manifest),
    )
    if text in manifest or text.startswith("@") or "kind:" in text:
        return found
    kept = [entry for entry in found if entry.kind == "parameter"]
    if found and not kept:
        raise SelectionError(
            f"'{show(text)}' selects buffers and constants only",
            hint="they are initialized by their exact names, or with kind:buffer",
        )
    return kept
