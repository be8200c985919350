"""What a verb has to say, before anybody knows in which form it is wanted.

A verb fills in one ``Report``; ``emit`` prints it as a table, as lines for a pipe, or as JSON.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from paramctl.report.screen import Screen

Kind = Literal["name", "text", "dtype", "shape", "count", "bytes", "seconds", "number", "numbers"]
Row = Sequence[Any]

NUMERIC = ("count", "bytes", "seconds", "number")  # kinds that stand to the right


@dataclass(frozen=True)
class Column:
    """One column of a report.

    Attributes:
        name: the header, and the key of jsonl rows where the payload has none.
        kind: how values are written. ``name`` and ``text`` are escaped; ``count`` is elements,
            ``bytes`` bytes, ``seconds`` a time, ``number`` any other number, ``numbers`` a tuple
            of such, ``shape`` a tuple with ``None`` for an unknown size.
        missing: what stands for ``None``.
    """

    name: str
    kind: Kind = "text"
    missing: str = ""


@dataclass(frozen=True)
class Branch:
    """A node of a tree: a row whose first column is indented below its parent's.

    Attributes:
        row: one value per column of the tree.
        children: the nodes below it.
    """

    row: Row
    children: "Sequence[Branch]" = ()


@dataclass(frozen=True)
class Report:
    """The answer of a verb.

    Attributes:
        verb: names the schema, ``paramctl/VERB/1``.
        columns, rows: the answer as a table. Rows may be any iterable for csv, tsv and jsonl.
        payload: the answer as JSON, without the schema, or what makes it when it is wanted.
            Where it lacks ``rows_key``, the rows stand there as objects.
        rows_key: which part of the payload jsonl prints row by row; ``None``: all as one line.
        names: what ``-f names`` lists; by default the first column, if that holds names.
        title: lines above the table on a terminal.
        notes: lines below it on a terminal.
        branches: the answer as a tree, where it has that form.
        branch_columns: the columns of the tree, if they are others.
        is_tree: whether a terminal gets the tree rather than the table.
        shown: the rows of the table, where these are not all or stand in another order.
        optional: names of columns that a terminal too narrow for all may leave out, first ones
            first.
        text: the lines a terminal gets instead of a table, for what is neither.
        forms: further formats that only this answer has, with the pieces of each.
    """

    verb: str
    columns: tuple[Column, ...]
    rows: Iterable[Row]
    payload: Mapping[str, Any] | Callable[[], Mapping[str, Any]] = field(default_factory=dict)
    rows_key: str | None = "tensors"
    names: Iterable[str] | None = None
    title: Iterable[str] = ()
    notes: Iterable[str] = ()
    branches: Sequence[Branch] = ()
    branch_columns: tuple[Column, ...] = ()
    is_tree: bool = False
    shown: Iterable[Row] | None = None
    optional: Sequence[str] = ()
    text: Callable[[Screen], Iterable[str]] | None = None
    forms: Mapping[str, Callable[[], Iterator[str]]] = field(default_factory=dict)

    @property
    def answer(self) -> Mapping[str, Any]:
        """The payload."""
        return self.payload() if callable(self.payload) else self.payload
