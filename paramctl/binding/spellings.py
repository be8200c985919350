"""Under which names a file may hold a tensor that a spec calls by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Spellings:
    """The freedom that real files take with a family's names.

    Attributes:
        prefixes: paths such as ``bert.`` that a file carries or lacks.
        renames: last parts of names that old files spell otherwise, new to old, such as
            ``LayerNorm.weight`` to ``LayerNorm.gamma``.
    """

    prefixes: tuple[str, ...] = ()
    renames: Mapping[str, str] = field(default_factory=dict)

    def of(self, name: str) -> Iterator[str]:
        """Every name to look for, the spec's own first."""
        for plain in (name, *self._old(name)):
            yield plain
            for prefix in self.prefixes:
                yield plain.removeprefix(prefix) if plain.startswith(prefix) else prefix + plain

    def _old(self, name: str) -> Iterator[str]:
        for new, old in self.renames.items():
            if name == new or name.endswith(f".{new}"):
                yield name[: len(name) - len(new)] + old

    def present(self, names: Iterable[str]) -> Callable[[str], bool]:
        """Whether a file with these names has any that the spec would write with this beginning.

        A spec asks so which of its heads a file holds.
        """
        listed = list(names)
        spelled = "\n".join(["", *listed, *(v for n in listed for v in self._prefixed(n))])

        def answer(beginning: str) -> bool:
            return "\n" + beginning in spelled

        return answer

    def _prefixed(self, name: str) -> Iterator[str]:
        for prefix in self.prefixes:
            yield name.removeprefix(prefix) if name.startswith(prefix) else prefix + name
