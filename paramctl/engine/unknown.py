"""A size that is not known yet: it absorbs arithmetic and refuses to be compared."""

from typing import NoReturn

from paramctl.expression.errors import LanguageError


class Unknown:
    """A size that something later decides: an input's shape, a config or a checkpoint.

    ``unknown * 4 - 1`` is unknown too. Comparison, truth and conversion are errors, so that a
    spec can't take the wrong branch by accident. Two are the same size only if they are the
    same object.

    Attributes:
        name: what the size is called in messages, such as ``in_features``.
        hint: how it can be given.
    """

    __slots__ = ("hint", "name")

    def __init__(self, name: str = "a size", *, hint: str = "") -> None:
        self.name = name
        self.hint = hint

    def __repr__(self) -> str:
        return "?"

    def __hash__(self) -> int:
        return id(self)

    def _absorb(self, _other: object) -> "Unknown":
        return Unknown(f"a size made from {self._base()}", hint=self.hint)

    def _base(self) -> str:
        return self.name.removeprefix("a size made from ")

    def __neg__(self) -> "Unknown":
        return self._absorb(None)

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _absorb
    __floordiv__ = __rfloordiv__ = __truediv__ = __rtruediv__ = _absorb
    __mod__ = __rmod__ = __pow__ = __rpow__ = _absorb

    def refuse(self, deed: str) -> NoReturn:
        """Say that ``deed`` needs the size.

        Raises:
            LanguageError: always; the text names the size.
        """
        raise LanguageError(f"{self.name} is not known yet, so it can't be {deed}", hint=self.hint)

    def _compare(self, _other: object) -> NoReturn:
        self.refuse("compared")

    __lt__ = __le__ = __gt__ = __ge__ = _compare

    def __eq__(self, _other: object) -> NoReturn:
        self.refuse("compared")

    def __ne__(self, _other: object) -> NoReturn:
        self.refuse("compared")

    def __bool__(self) -> NoReturn:
        self.refuse("tested")

    def __int__(self) -> NoReturn:
        self.refuse("used as a number")

    __index__ = __int__

    def __float__(self) -> NoReturn:
        self.refuse("used as a number")
