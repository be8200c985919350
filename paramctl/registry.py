"""Tables of pieces that fill themselves: a piece is a file in a folder, and nobody lists it."""

import difflib
import importlib
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from paramctl.errors import UsageError

T = TypeVar("T")


class Registry(Generic[T]):
    """Names to pieces of one kind; the package that holds them is imported at the first look-up.

    Args:
        kind: what a piece is called in messages, such as ``initializer``.
        package: dotted name of the package whose modules register the pieces.
    """

    def __init__(self, kind: str, package: str) -> None:
        self.kind = kind
        self._package = package
        self._pieces: dict[str, T] = {}
        self._aliases: dict[str, str] = {}
        self._loaded = False

    def register(self, name: str, *aliases: str) -> Callable[[Any], Any]:
        """A decorator that enters a piece under ``name`` and further spellings of it."""

        def enter(piece: Any) -> Any:
            for key in (name, *aliases):
                if key in self._pieces or key in self._aliases:
                    raise ValueError(f"two {self.kind}s are named {key!r}")
            self._pieces[name] = piece
            self._aliases.update(dict.fromkeys(aliases, name))
            return piece

        return enter

    def load(self) -> None:
        """Import every module of the package once."""
        if self._loaded:
            return
        self._loaded = True
        package = importlib.import_module(self._package)
        for module in pkgutil.iter_modules(package.__path__, f"{self._package}."):
            importlib.import_module(module.name)

    def canonical(self, name: str) -> str:
        """The first name of a piece, whichever of its names is given.

        Raises:
            UsageError: nothing has that name; the hint offers the nearest.
        """
        self.load()
        if name in self._pieces:
            return name
        if name in self._aliases:
            return self._aliases[name]
        near = difflib.get_close_matches(name, [*self._pieces, *self._aliases], n=1)
        hint = f"did you mean {near[0]}?" if near else ""
        raise UsageError(f"no {self.kind} named '{name}'", hint=hint)

    def __getitem__(self, name: str) -> T:
        return self._pieces[self.canonical(name)]

    def __contains__(self, name: object) -> bool:
        self.load()
        return name in self._pieces or name in self._aliases

    def __iter__(self) -> Iterator[str]:
        self.load()
        return iter(sorted(self._pieces))

    def names(self) -> list[str]:
        """The first names of all pieces, sorted."""
        return list(self)

    def aliases(self, name: str) -> list[str]:
        """The further spellings of a piece."""
        self.load()
        return sorted(alias for alias, target in self._aliases.items() if target == name)
