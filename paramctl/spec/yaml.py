"""YAML text to pieces with places: from parser events, without recursion, bounded, strict.

Refused: more than 1 MiB, deeper than 64, more than 100,000 pieces, anchors, aliases, tags, a
second document, duplicate keys, keys that are no texts, and flow scalars that a comma or colon
has cut in two.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paramctl.errors import ParamctlError, SpecError
from paramctl.expression.place import Place
from paramctl.names import show
from paramctl.spec.nodes import Map, Node, Scalar, Sequence

LARGEST_FILE = 1 << 20
DEEPEST = 64
MOST_NODES = 100_000

_QUOTE = "YAML takes a comma or colon here as its own; quote the whole text"
_EXPLAINED = {
    "mapping values are not allowed": (
        "YAML takes the second ': ' on this line as its own",
        "write the text on lines of its own after |, or quote it",
    ),
    "found character that cannot start any token": (
        "YAML can't begin anything with this character",
        "indent with spaces, not tabs; quote texts that begin with @, ` or %",
    ),
    "did not find expected key": ("YAML expects a key or the end of this block here", ""),
    "did not find expected ',' or": ("YAML expects a comma or the end of the list here", _QUOTE),
}


def read_yaml(path: Path, *, name: str = "", is_builtin: bool = False, what: str = "spec") -> Node:
    """The document of a file.

    Args:
        name: what messages call it; its path by default.
        is_builtin: whether mistakes belong to whoever uses what it declares.
        what: what kind of file it is, for messages.

    Raises:
        SpecError: the file is missing or no regular file, or the text breaks a rule.
    """
    name = name or show(os.fspath(path))
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        problem = (getattr(error, "strerror", None) or str(error)).lower()
        raise SpecError(f"can't read the {what}: {problem}", where=name) from None
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise SpecError(f"a {what} is a regular file", where=name)
    with open(fd, "rb") as file:
        data = file.read(LARGEST_FILE + 1)
    return parse_yaml(data, name, is_builtin=is_builtin)


def parse_yaml(data: bytes, name: str, *, is_builtin: bool = False) -> Node:
    """The document in some bytes of UTF-8.

    Raises:
        SpecError: at the place where a rule is broken.
    """
    if len(data) > LARGEST_FILE:
        raise SpecError("larger than 1 MiB, which no spec is", where=name)
    try:
        text = data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise SpecError(f"not UTF-8: byte {error.start} is no text", where=name) from None
    return _Reader(text, name, is_builtin).document()


@dataclass
class _Open:
    """A list or map whose end has not come yet."""

    place: Place
    is_map: bool
    is_flow: bool
    items: list[Node] = field(default_factory=list)
    entries: dict[str, tuple[Scalar, Node]] = field(default_factory=dict)
    key: Scalar | None = None


class _Reader:
    def __init__(self, text: str, name: str, is_builtin: bool) -> None:
        self.text = text
        self.name = name
        self.lines = tuple(text.splitlines())
        self.is_builtin = is_builtin
        self.count = 0

    def document(self) -> Node:
        """The one document of the text; an empty one is null."""
        import yaml

        opened: list[_Open] = []
        root: Node | None = None
        for event in self._events():
            if isinstance(event, yaml.DocumentStartEvent) and root is not None:
                raise self._place(event).mistake("a second document begins here")
            node = self._node(event, opened)
            if node is None:
                continue
            if opened:
                self._put(opened[-1], node)
            else:
                root = node
        return root or Scalar(Place(self.name, lines=self.lines))

    def _events(self) -> Iterator[Any]:
        import yaml

        loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        try:
            yield from yaml.parse(self.text, Loader=loader)
        except yaml.MarkedYAMLError as error:
            raise self._translated(error) from None
        except yaml.reader.ReaderError as error:
            raise self._unreadable(error) from None
        except (RecursionError, MemoryError, UnicodeError):
            raise SpecError("YAML can't read this text", where=self.name) from None

    def _translated(self, error: Any) -> ParamctlError:
        problem, hint = str(error.problem or error.context or "YAML can't read this"), ""
        for start, (text, advice) in _EXPLAINED.items():
            if problem.startswith(start):
                problem, hint = text, advice
        mark = error.problem_mark or error.context_mark
        if mark is None:
            return SpecError(problem, where=self.name, hint=hint)
        return self._at(mark).mistake(problem, hint=hint)

    def _unreadable(self, error: Any) -> ParamctlError:
        before = self.text[: error.position] if isinstance(error.position, int) else ""
        found = next((c for c in self.text if not c.isprintable() and c not in "\n\r\t"), "")
        if found:
            before = self.text[: self.text.index(found)]
        place = Place(
            self.name, before.count("\n") + 1, len(before) - before.rfind("\n"), lines=self.lines
        )
        return place.mistake(f"the character {show(found)} is not allowed in YAML")

    def _at(self, mark: Any) -> Place:
        return Place(
            self.name,
            mark.line + 1,
            mark.column + 1,
            lines=self.lines,
            is_builtin=self.is_builtin,
        )

    def _place(self, event: Any) -> Place:
        return self._at(event.start_mark)

    def _node(self, event: Any, opened: list[_Open]) -> Node | None:
        """The piece that an event completes, if it does."""
        import yaml

        match event:
            case yaml.ScalarEvent():
                self._count(event)
                return self._scalar(event, opened[-1] if opened else None)
            case yaml.AliasEvent():
                raise self._place(event).mistake("aliases are not part of the spec language")
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._count(event)
                if len(opened) >= DEEPEST:
                    raise self._place(event).mistake(f"nested more than {DEEPEST} deep")
                is_map = isinstance(event, yaml.MappingStartEvent)
                opened.append(_Open(self._place(event), is_map, bool(event.flow_style)))
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                done = opened.pop()
                if done.is_map:
                    return Map(done.place, done.entries)
                return Sequence(done.place, tuple(done.items))
        return None

    def _count(self, event: Any) -> None:
        self.count += 1
        if self.count > MOST_NODES:
            raise self._place(event).mistake(f"more than {MOST_NODES:,} pieces")
        if event.anchor is not None:
            raise self._place(event).mistake("anchors are not part of the spec language")
        if event.tag is not None:
            raise self._place(event).mistake("tags are not part of the spec language")

    def _scalar(self, event: Any, inside: _Open | None) -> Scalar:
        place = self._place(event)
        is_plain = not event.style
        is_key = inside is not None and inside.is_map and inside.key is None
        if is_plain and inside and (inside.is_flow or is_key) and not _balanced(event.value):
            raise place.mistake(
                f"'{show(event.value[:60])}' is cut off", width=len(event.value), hint=_QUOTE
            )
        if event.style == "|":
            return Scalar(self._block_place(event), event.value, False)
        is_folded = event.style == ">" or event.end_mark.line > event.start_mark.line
        if event.style in ("'", '"'):
            place = place.moved(1, 1)
        return Scalar(place, event.value, is_plain, is_folded)

    def _block_place(self, event: Any) -> Place:
        """Where the text after ``|`` begins, and how many columns its lines have lost."""
        first = event.start_mark.line + 1
        for number, line in enumerate(event.value.split("\n")):
            if line.strip() and first + number < len(self.lines):
                indent = len(self.lines[first + number]) - len(line)
                break
        else:
            indent = 0
        place = Place(self.name, first + 1, indent + 1, indent, self.lines)
        return Place(**{**vars(place), "is_builtin": self.is_builtin})

    def _put(self, inside: _Open, node: Node) -> None:
        if not inside.is_map:
            inside.items.append(node)
        elif inside.key is None:
            inside.key = self._key(inside, node)
        else:
            inside.entries[inside.key.text] = (inside.key, node)
            inside.key = None

    def _key(self, inside: _Open, node: Node) -> Scalar:
        if not isinstance(node, Scalar):
            raise node.mistake("a key is a text, not a list or a map")
        if node.text == "<<" and node.is_plain:
            raise node.mistake("merge keys are not part of the spec language")
        if node.text in inside.entries:
            line = inside.entries[node.text][0].place.line
            raise node.mistake(
                f"the key '{show(node.text)}' stands here twice, first in line {line}"
            )
        return node


def _balanced(text: str) -> bool:
    """Whether every bracket is closed; texts in quotes are not looked into."""
    depth = 0
    quote = ""
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
            if depth < 0:
                return False
    return depth == 0
