"""Under which names a file may hold a tensor that a spec calls by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Spellings:
    """The freedom that real files take with a family's names.

    Attributes:
        prefixes: paths such as ``bert.`` that a file carries or lacks.
        renamed: runs of name segments in old files, and what the spec calls them, such as
            ``LayerNorm.gamma`` and ``LayerNorm.weight``.
    """

    prefixes: tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)

    def of(self, name: str) -> Iterator[str]:
        """Every name to look for in a file, the spec's own first."""
        for plain in (name, *self._respelled(name, old_first=False)):
            yield plain
            yield from self._prefixed(plain)

    def present(self, names: Iterable[str]) -> Callable[[str], bool]:
        """Whether a file with these names has any that the spec would write with this beginning.

        A spec asks so which of its heads a file holds.
        """
        spelled = [""]
        for name in names:
            for plain in (name, *self._respelled(name, old_first=True)):
                spelled += [plain, *self._prefixed(plain)]
        text = "\n".join(spelled)

        def answer(beginning: str) -> bool:
            return "\n" + beginning in text

        return answer

    def _prefixed(self, name: str) -> Iterator[str]:
        for prefix in self.prefixes:
            yield name.removeprefix(prefix) if name.startswith(prefix) else prefix + name

    def _respelled(self, name: str, *, old_first: bool) -> Iterator[str]:
        for old, new in self.renamed.items():
            run, other = (old, new) if old_first else (new, old)
            head, dot, tail = f".{name}.".rpartition(f".{run}.")
            if dot:
                yield f"{head}.{other}.{tail}".strip(".")
