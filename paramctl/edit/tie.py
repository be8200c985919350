"""Several names for one stored tensor."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from paramctl.compute.traffic import expect
from paramctl.edit.content import Made, arrays, encode, rechunk
from paramctl.edit.draft import Draft
from paramctl.edit.plan import EDITS, Edit, Step
from paramctl.edit.tied_config import keep_config_true
from paramctl.errors import UsageError
from paramctl.formats.content import BLOCK, Block, Content
from paramctl.manifest import Entry, Manifest
from paramctl.names import show

Take = Literal["keep", "alias", "mean"]


@EDITS.register("tie")
@dataclass(frozen=True)
class Tie(Edit):
    """Store the tensor of ``keep`` once, under that name, and make the others aliases of it.

    Attributes:
        keep: the name that is stored.
        aliases: the names that share it.
        take: whose values it gets where they differ: its own, the alias's, or the mean of
            all, computed in float64 (float32 for 16 bits and less) and rounded once.
    """

    keep: str
    aliases: tuple[str, ...]
    take: Take | None = None

    def choose(self, manifest: Manifest, step: Step) -> list[Entry]:
        """The entries of the names.

        Raises:
            UsageError: a name twice, or one that does not exist.
        """
        names = [self.keep, *self.aliases]
        if not self.aliases or len(set(names)) != len(names):
            raise UsageError("tie takes the name to keep and at least one other")
        return [manifest[name] for name in names]

    def apply(self, draft: Draft, chosen: Sequence[Entry]) -> None:
        """Tie them.

        Raises:
            UsageError: dtypes or shapes differ; or values do, and nothing says which to take.
        """
        keep, *aliases = chosen
        for alias in aliases:
            if (alias.dtype, alias.shape) != (keep.dtype, keep.shape):
                raise UsageError(
                    f"{_form(alias)} can't be tied to {show(keep.name)}, which is {_form(keep)}",
                    where=show(alias.name),
                )
        self._settle(draft, keep, aliases)
        with keep_config_true(draft):
            draft.promote(keep.name)
            for alias in aliases:
                draft.tie(keep.name, alias.name)

    def _settle(self, draft: Draft, keep: Entry, aliases: list[Entry]) -> None:
        """Decide the values; they are compared only when nobody said whose to take."""
        if self.take is None:
            expect("read", 2 * sum(alias.nbytes or 0 for alias in aliases))
            for alias in aliases:
                if not equal(draft.content(keep.name), draft.content(alias.name)):
                    raise UsageError(
                        f"its values differ from those of {show(keep.name)}",
                        where=show(alias.name),
                        hint="say whose to take: --take keep, --take alias or --take mean",
                    )
        elif self.take == "alias":
            if len(aliases) > 1:
                raise UsageError(f"--take alias with {len(aliases)} aliases: name one")
            draft.put(keep.name, draft.content(aliases[0].name))
        elif self.take == "mean":
            _average(draft, keep, aliases)


@EDITS.register("tie_equal")
@dataclass(frozen=True)
class TieEqual(Edit):
    """Tie all stored tensors of the same dtype, shape and bits, the embedding's name kept."""

    def choose(self, manifest: Manifest, step: Step) -> list[Entry]:
        """The entries of which there are several alike in dtype and shape."""
        alike: dict[tuple[object, ...], list[Entry]] = {}
        for entry in manifest.stored:
            alike.setdefault((entry.dtype, entry.shape), []).append(entry)
        return [entry for group in alike.values() if len(group) > 1 for entry in group]

    def apply(self, draft: Draft, chosen: Sequence[Entry]) -> None:
        """Read the candidates and tie the equal ones.

        Raises:
            UsageError: no two are equal.
        """
        from paramctl.edit.tied_config import is_embedding

        found: dict[tuple[object, ...], list[str]] = {}
        expect("read", sum(entry.nbytes or 0 for entry in chosen))
        for entry in chosen:
            key = (entry.dtype, entry.shape, _digest(draft.content(entry.name)))
            found.setdefault(key, []).append(entry.name)
        groups = [names for names in found.values() if len(names) > 1]
        if not groups:
            raise UsageError(f"no two of {len(draft.manifest)} tensors are equal")
        with keep_config_true(draft):
            for names in groups:
                kept, *others = sorted(names, key=lambda name: (not is_embedding(name), name))
                for alias in others:
                    draft.tie(kept, alias)


def equal(one: Content, other: Content) -> bool:
    """Whether two contents of the same length have the same bytes."""
    pairs = zip(rechunk(one.blocks(), BLOCK), rechunk(other.blocks(), BLOCK), strict=True)
    return all(a == b for a, b in pairs)


def _average(draft: Draft, keep: Entry, aliases: list[Entry]) -> None:
    from paramctl.dtypes import DTYPES

    if DTYPES[keep.dtype].family not in ("float", "complex"):
        raise UsageError(f"--take mean is for floating tensors, this is {keep.dtype}")
    names = dict.fromkeys(draft.manifest.canonical(entry.name).name for entry in (keep, *aliases))
    contents = [draft.content(name) for name in names]
    draft.put(keep.name, Made(contents[0].nbytes, partial(_means, contents, keep.dtype)))


def _means(contents: list[Content], dtype: str) -> Iterator[Block]:
    from paramctl.edit.rounding import narrow, widen

    for blocks in zip(*(arrays(content, dtype) for content in contents), strict=True):
        total = sum(widen(block, dtype) for block in blocks)
        yield encode(narrow(total / len(blocks), dtype), dtype)


def _digest(content: Content) -> bytes:
    import hashlib

    digest = hashlib.sha256()
    for block in content.blocks():
        digest.update(block)
    return digest.digest()


def _form(entry: Entry) -> str:
    return f"{entry.dtype} [{','.join(map(str, entry.shape))}]"
