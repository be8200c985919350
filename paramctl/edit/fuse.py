"""Parts into fused tensors."""

from collections.abc import Sequence
from dataclasses import dataclass

from paramctl.edit.alternating import alternated
from paramctl.edit.draft import Draft
from paramctl.edit.fused import cell_of, fused_content, resized
from paramctl.edit.fusing import Fusing
from paramctl.edit.plan import EDITS
from paramctl.errors import UsageError
from paramctl.manifest import Entry
from paramctl.names import show


@EDITS.register("fuse")
@dataclass(frozen=True)
class Fuse(Fusing):
    """Fuse the chosen parts; a group whose parts are aliases of another's becomes its alias."""

    def takes(self, name: str) -> bool:
        """Whether it is the name of a part."""
        return self.how.fused_of(name) is not None

    def apply(self, draft: Draft, chosen: Sequence[Entry]) -> None:
        """Fuse them.

        Raises:
            UsageError: a part is missing or differs in dtype or shape, or the name is taken.
        """
        groups: dict[str, dict[int, Entry]] = {}
        for entry in chosen:
            name, part = self.how.fused_of(entry.name) or ("", 0)
            groups.setdefault(name, {})[part] = entry
        made: dict[tuple[str, ...], str] = {}
        order = sorted(groups.items(), key=lambda pair: any(e.is_alias for e in pair[1].values()))
        for name, group in order:
            parts = self._complete(draft, name, group)
            canonical = tuple(entry.tied_to or entry.name for entry in parts)
            if canonical in made:
                draft.tie(made[canonical], name)
            else:
                made[canonical] = name
                self._fuse(draft, name, parts)
        if chosen:
            draft.remove([entry.name for entry in chosen])

    def _complete(self, draft: Draft, name: str, group: dict[int, Entry]) -> list[Entry]:
        """The parts in order.

        Raises:
            UsageError: one is missing.
        """
        some = next(iter(group.values())).name
        count = self.how.count_of(some) or max(group) + 1
        wanted = self.how.parts_of(name, count) or []
        for part, missing in enumerate(wanted):
            if part not in group:
                is_there = missing in draft.manifest
                raise UsageError(
                    f"{show(some)} fuses with {show(missing)}, which is "
                    + ("not selected" if is_there else "not there"),
                    where=show(name),
                    hint="select it too" if is_there else "",
                )
        return [group[part] for part in range(count)]

    def _fuse(self, draft: Draft, name: str, parts: Sequence[Entry]) -> None:
        layout, where, first = self.how.layout, show(name), parts[0]
        axis = 0 if layout.is_stack else self.how.axis(first) if first.shape else 0
        if not first.shape and not layout.is_stack:
            raise UsageError("scalars can't be fused", where=show(first.name))
        for part in parts:
            is_alike = layout.is_stack or layout.is_alternating
            _expect_alike(first, part, None if is_alike else axis)
        sizes = [1 if layout.is_stack else part.shape[axis] or 0 for part in parts]
        if layout.is_stack:
            shape = (len(parts), *first.shape)
        else:
            shape = resized(first.shape, axis, sum(sizes))
        after = first._replace(name=name, shape=shape)
        contents = [draft.content(part.name) for part in parts]
        if layout.is_alternating:
            content = alternated(contents, cell_of(after, axis))
        else:
            runs = list(layout.runs(sizes, self.how.heads_of(draft, first.name), where))
            content = fused_content(after, contents, axis, sizes, runs)
        draft.add(name, first.dtype, shape, content, shard=first.shard)


def _expect_alike(first: Entry, part: Entry, axis: int | None) -> None:
    """Make sure that dtype and shape are the same but for the size along the axis."""
    shapes = [first.shape, part.shape]
    if axis is not None and len(first.shape) == len(part.shape):
        shapes = [resized(shape, axis, 0) for shape in shapes]
    if first.dtype != part.dtype or shapes[0] != shapes[1]:
        raise UsageError(
            f"{_form(part)} does not fit to {show(first.name)}, which is {_form(first)}",
            where=show(part.name),
        )


def _form(entry: Entry) -> str:
    return f"{entry.dtype} [{','.join(map(str, entry.shape))}]"
