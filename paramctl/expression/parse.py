"""Text to checked syntax, once: an expression, a script that ends in one, or a ``forward``."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from paramctl.errors import ParamctlError
from paramctl.expression.grammar import Refusal, check
from paramctl.expression.limits import LONGEST_TEXT
from paramctl.expression.place import Place

Mode = Literal["expression", "script", "body"]


@dataclass(frozen=True)
class Code:
    """Checked text, ready to be evaluated any number of times.

    Attributes:
        text: as it was written, without blanks around it.
        place: of its first character.
        statements: assignments and control flow; empty for an expression.
        result: the expression whose value it has; ``None`` for a body, which returns.
    """

    text: str
    place: Place
    statements: tuple[ast.stmt, ...]
    result: ast.expr | None

    @cached_property
    def names(self) -> frozenset[str]:
        """Every name that is read somewhere in it."""
        return frozenset(
            node.id
            for tree in self._trees
            for node in ast.walk(tree)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
        )

    @cached_property
    def assigned(self) -> dict[str, ast.Name]:
        """Every name that it assigns to, with the first place where it does."""
        stores = (
            node
            for tree in self._trees
            for node in ast.walk(tree)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        )
        first: dict[str, ast.Name] = {}
        for node in sorted(stores, key=lambda node: (node.lineno, node.col_offset)):
            first.setdefault(node.id, node)
        return first

    @cached_property
    def dotted(self) -> frozenset[str]:
        """Every name that stands behind a dot."""
        nodes = (node for tree in self._trees for node in ast.walk(tree))
        return frozenset(node.attr for node in nodes if isinstance(node, ast.Attribute))

    @property
    def _trees(self) -> list[ast.AST]:
        return [*self.statements, *([self.result] if self.result else [])]

    def evaluate(self, scope: Mapping[str, Any], functions: Mapping[str, Any] | None = None) -> Any:
        """The value over the names of ``scope``; what is not there is looked up in ``functions``.

        Args:
            functions: name to a Python callable, or to anything with ``language_call``.

        Raises:
            ParamctlError: of the place's kind, with the place underlined.
        """
        from paramctl.expression.statements import run

        return run(self, scope, {} if functions is None else functions)

    def mistake(self, node: ast.AST, problem: str, hint: str = "") -> ParamctlError:
        """An error at a node of this text."""
        line = getattr(node, "lineno", 1)
        lines = self.text.split("\n")
        written = lines[line - 1] if line <= len(lines) else ""
        start = _characters(written, getattr(node, "col_offset", 0))
        stop = len(written)
        if getattr(node, "end_lineno", line) == line:
            stop = _characters(written, getattr(node, "end_col_offset", None) or start + 1)
        place = self.place.moved(line, start)
        return place.mistake(problem, width=max(stop - start, 1), text=written, hint=hint)


def parse(text: str, place: Place | None = None, mode: Mode = "expression") -> Code:
    """Checked code of a text.

    Args:
        place: of the first character; by default an argument of its own.
        mode: ``expression``; ``script``: ``a = …; b = …; value``; ``body``: statements.

    Raises:
        ParamctlError: the text is no Python syntax, too long or too deep, or uses what the
            language does not have.
    """
    text, place = _stripped(text, place or Place())
    draft = Code(text, place, (), None)
    if len(text) > LONGEST_TEXT:
        raise draft.mistake(_at(1, 0), f"longer than {LONGEST_TEXT} characters")
    if not text:
        raise draft.mistake(_at(1, 0), "expected an expression, found nothing")
    statements, result = _divide(_tree(draft).body, mode, draft)
    code = Code(text, place, tuple(statements), result)
    try:
        for tree in code._trees:
            check(tree, statements=mode != "expression")
    except Refusal as refusal:
        raise code.mistake(refusal.node, refusal.problem, refusal.hint) from None
    if mode == "body" and not any(
        isinstance(n, ast.Return) for s in statements for n in ast.walk(s)
    ):
        raise code.mistake(statements[-1], "nothing is returned", "end with return …")
    return code


def _stripped(text: str, place: Place) -> tuple[str, Place]:
    """The text without blanks around it, and the place of what is left."""
    body = text.rstrip()
    lead = len(body) - len(body.lstrip())
    if not lead:
        return body, place
    skipped = body[:lead]
    line = skipped.count("\n") + 1
    return body[lead:], place.moved(line, lead - (skipped.rfind("\n") + 1))


def _tree(draft: Code) -> ast.Module:
    if "\0" in draft.text:  # releases of Python word this in two ways
        raise draft.mistake(_at(1, 0), "there is a NUL character in it")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(draft.text)
    except SyntaxError as error:
        raise _translated(error, draft) from None
    except (RecursionError, MemoryError):
        raise draft.mistake(_at(1, 0), "nested too deeply") from None
    except ValueError:
        raise draft.mistake(_at(1, 0), "a character in it is no text") from None


def _translated(error: SyntaxError, draft: Code) -> ParamctlError:
    line, column = error.lineno or 1, max((error.offset or 1) - 1, 0)
    lines = draft.text.split("\n")
    if line > len(lines):
        line, column = len(lines), len(lines[-1])
    written = lines[line - 1]
    problem = (error.msg or "invalid syntax").replace(" (<unknown>, line 1)", "")
    if problem.startswith("Exceeds the limit"):
        problem = "the number has too many digits"
    place = draft.place.moved(line, min(column, len(written)))
    closing = {"'('": ")", "'['": "]", "'{'": "}"}.get(problem[:3], "")
    hint = f"close it with {closing}" if closing and problem.endswith("never closed") else ""
    return place.mistake(f"{problem[0].lower()}{problem[1:]}", text=written, hint=hint)


def _divide(
    body: list[ast.stmt], mode: Mode, draft: Code
) -> tuple[list[ast.stmt], ast.expr | None]:
    if not body:
        raise draft.mistake(_at(1, 0), "expected an expression, found nothing")
    if mode == "body":
        return body, None
    if mode == "expression" and len(body) > 1:
        raise draft.mistake(body[1], "one expression is expected here, found more")
    for statement in body[:-1]:
        if not isinstance(statement, ast.Assign | ast.Expr):
            raise draft.mistake(statement, "only assignments can stand before the value")
    last = body[-1]
    if not isinstance(last, ast.Expr):
        hint = "compare with ==" if isinstance(last, ast.Assign) else ""
        raise draft.mistake(last, "expected an expression, found a statement", hint)
    return body[:-1], last.value


def _at(line: int, column: int) -> ast.AST:
    return ast.Constant(value=None, lineno=line, col_offset=column)


def _characters(line: str, offset: int) -> int:
    """A place in a line in characters; ``ast`` counts bytes of UTF-8."""
    if line.isascii():
        return offset
    written = line.encode(errors="surrogatepass")[:offset]
    return len(written.decode(errors="ignore"))
