"""Which Python syntax belongs to the language: everything else is refused with a reason."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from paramctl.expression.limits import DEEPEST

EXPRESSIONS: tuple[type[ast.AST], ...] = (
    ast.Constant, ast.Name, ast.Attribute, ast.Subscript, ast.Slice, ast.Call, ast.keyword,
    ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Tuple, ast.List,
    ast.Load, ast.operator, ast.unaryop, ast.boolop, ast.cmpop,
)  # fmt: skip
STATEMENTS: tuple[type[ast.AST], ...] = (
    ast.Assign, ast.If, ast.For, ast.While, ast.Return, ast.Store
)  # fmt: skip

_REFUSED_OPERATORS = (ast.LShift, ast.RShift, ast.BitXor)
_NAMES: dict[type[ast.AST], tuple[str, str]] = {
    ast.Lambda: ("a lambda", ""),
    ast.ListComp: ("a comprehension", "write the values out, or use Repeat"),
    ast.SetComp: ("a comprehension", ""),
    ast.DictComp: ("a comprehension", ""),
    ast.GeneratorExp: ("a comprehension", ""),
    ast.Dict: ("a dictionary", ""),
    ast.Set: ("a set", "use a list"),
    ast.Starred: ("a star argument", "write the values out"),
    ast.JoinedStr: ("a formatted string", ""),
    ast.NamedExpr: ("an assignment inside an expression", "assign on a line of its own"),
    ast.Import: ("an import", ""),
    ast.ImportFrom: ("an import", ""),
    ast.FunctionDef: ("a function definition", "write a block"),
    ast.ClassDef: ("a class definition", "write a block"),
    ast.AugAssign: ("an assignment such as +=", "write x = x + …"),
    ast.Break: ("break", "put the condition into while"),
    ast.Continue: ("continue", ""),
    ast.Delete: ("del", ""),
    ast.Try: ("try", ""),
    ast.With: ("with", ""),
    ast.Pass: ("pass", ""),
    ast.Expr: ("a value that nothing takes", "write name = … or return …"),
    ast.LShift: ("<<", "use * and **"),
    ast.RShift: (">>", "use // and **"),
    ast.BitXor: ("^", "a power is written **"),
}


class Refusal(Exception):  # noqa: N818 - it is no error yet: the place is missing
    """A piece of syntax that the language does not have."""

    def __init__(self, node: ast.AST, problem: str, hint: str = "") -> None:
        super().__init__(problem)
        self.node = node
        self.problem = problem
        self.hint = hint


def check(tree: ast.AST, *, statements: bool) -> None:
    """Refuse whatever is not in the white list.

    Raises:
        Refusal: naming the first such node, in the order of the text.
    """
    allowed = EXPRESSIONS + STATEMENTS if statements else EXPRESSIONS
    for node, place, depth in _walk(tree):
        if depth > DEEPEST:
            raise Refusal(place, f"nested more than {DEEPEST} deep")
        if not isinstance(node, allowed) or isinstance(node, _REFUSED_OPERATORS):
            name, hint = _NAMES.get(type(node), (type(node).__name__.lower(), ""))
            raise Refusal(place, f"{name} is not part of the language", hint)
        _check_names(node)
        _check_shape(node)


def _walk(tree: ast.AST) -> Iterator[tuple[ast.AST, ast.AST, int]]:
    """Nodes in the order of the text, each with the node that has its place, and its depth.

    Operators have no place of their own (and are one object in every tree).
    """
    pending = [(tree, tree, 0)]
    while pending:
        node, place, depth = pending.pop()
        yield node, place, depth
        pending += [
            (child, child if hasattr(child, "lineno") else node, depth + 1)
            for child in reversed(list(ast.iter_child_nodes(node)))
        ]


def _check_names(node: ast.AST) -> None:
    name = {ast.Name: "id", ast.Attribute: "attr", ast.keyword: "arg"}.get(type(node))
    value = getattr(node, name) if name else ""
    if value is None:
        raise Refusal(node, "a star argument is not part of the language", "write the values out")
    if value.startswith("__"):
        raise Refusal(node, f"'{value}' can't be reached", "names don't begin with two underscores")


def _check_shape(node: ast.AST) -> None:
    """Rules about single nodes that their type alone does not tell."""
    match node:
        case ast.Constant(value=bytes()):
            raise Refusal(node, "bytes are not part of the language")
        case ast.Assign(targets=targets):
            _check_assignment(node, targets)
        case ast.For(target=target):
            _check_target(target)
        case ast.Call(keywords=keywords):
            names = [keyword.arg for keyword in keywords]
            for keyword in keywords:
                if names.count(keyword.arg) > 1:
                    raise Refusal(keyword, f"'{keyword.arg}' is given twice")
    if isinstance(node, ast.For | ast.While) and node.orelse:
        raise Refusal(node.orelse[0], "else after a loop is not part of the language")


def _check_assignment(node: ast.AST, targets: list[ast.expr]) -> None:
    if len(targets) > 1:
        raise Refusal(node, "a chained assignment is not part of the language", "use two lines")
    _check_target(targets[0])


def _check_target(target: ast.expr) -> None:
    if isinstance(target, ast.Tuple):
        for element in target.elts:
            _check_target(element)
    elif not isinstance(target, ast.Name):
        raise Refusal(target, "only names can be assigned to")
