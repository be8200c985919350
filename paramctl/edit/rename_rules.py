"""Rules that turn one name into another.

    rule     = OLD "=" NEW | "s/" REGEX "/" REPLACEMENT "/" ["g"]
    OLD, NEW = segments between dots; "{n}" captures one segment or a part of one,
               "{n**}" as a whole segment captures any number of segments, none included

OLD matches a whole name or its leading path; what follows is kept: ``encoder.layer.{n}=blocks.{n}``
turns ``encoder.layer.3.bias`` into ``blocks.3.bias``. An empty NEW takes the path away. Any of
``/ | # , @ !`` may stand between the parts of the second form.
"""

import re
from dataclasses import dataclass
from typing import Protocol

from paramctl.errors import UsageError
from paramctl.names import show

_CAPTURE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)(\*\*)?\}")
_SUBSTITUTION = re.compile(r"s([/|#,@!])(.*)\1(.*)\1(g?)", re.S)


class Rule(Protocol):
    """What a rename rule can do."""

    @property
    def text(self) -> str:
        """The rule as it was written."""
        ...

    def rename(self, name: str) -> str | None:
        """The new name; ``None`` when the rule does not concern it."""
        ...

    def inverse(self) -> "Rule":
        """The rule that leads back.

        Raises:
            UsageError: there is none.
        """
        ...


@dataclass(frozen=True)
class PathRule:
    """``OLD=NEW``."""

    old: str
    new: str

    def __post_init__(self) -> None:
        unknown = [name for name in _captures(self.new) if name not in _captures(self.old)]
        if unknown:
            raise UsageError(
                f"'{show(self.text)}': nothing on the left captures {{{unknown[0]}}}",
                hint="write it on both sides, as in 'encoder.{n}=blocks.{n}'",
            )
        if not self.old:
            raise UsageError(
                f"'{show(self.text)}': the left side is empty",
                hint="'{rest**}=model.{rest**}' puts a path in front of every name",
            )
        object.__setattr__(self, "_pattern", re.compile(_pattern(self.old), re.S))

    @property
    def text(self) -> str:
        """The rule as it was written."""
        return f"{self.old}={self.new}"

    def rename(self, name: str) -> str | None:
        """The new name; ``None`` when OLD is neither the name nor a path that leads to it."""
        pattern: re.Pattern[str] = self._pattern  # type: ignore[attr-defined]
        match = pattern.fullmatch(name)
        if match is None:
            return None
        rest = match["rest"] or ""
        segments = [_filled(segment, match) for segment in self.new.split(".")]
        path = ".".join(part for part in segments if part is not None)
        return (path + rest if path else rest.removeprefix(".")) or None

    @property
    def has_captures(self) -> bool:
        """Whether OLD is a pattern."""
        return bool(_captures(self.old))

    def inverse(self) -> "PathRule":
        """NEW=OLD.

        Raises:
            UsageError: a capture is lost on the way.
        """
        lost = [name for name in _captures(self.old) if name not in _captures(self.new)]
        if lost or not self.new:
            what = f"{{{lost[0]}}} is not on the right" if lost else "the right side is empty"
            raise UsageError(f"'{show(self.text)}' has no inverse: {what}")
        return PathRule(self.new, self.old)


@dataclass(frozen=True)
class Substitution:
    """``s/REGEX/REPLACEMENT/``: the first match, or all with ``g``."""

    text: str
    pattern: re.Pattern[str]
    replacement: str
    count: int

    def rename(self, name: str) -> str | None:
        """The name after the substitution; ``None`` where the pattern is not found."""
        if not self.pattern.search(name):
            return None
        return self.pattern.sub(self.replacement, name, count=self.count)

    def inverse(self) -> Rule:
        """There is none.

        Raises:
            UsageError: always.
        """
        raise UsageError(f"'{show(self.text)}' has no inverse: it is a substitution")


def parse_rule(text: str) -> Rule:
    """A rule from its text.

    Raises:
        UsageError: neither form, a bad regular expression, or a capture that nothing fills.
    """
    match = _SUBSTITUTION.fullmatch(text)
    if match:
        _, regex, replacement, flags = match.groups()
        return _substitution(text, regex, replacement, 0 if flags else 1)
    old, equals, new = text.partition("=")
    if not equals:
        raise UsageError(
            f"'{show(text)}' is no rule", hint="rules are OLD=NEW or s/REGEX/REPLACEMENT/"
        )
    return PathRule(old, new)


def _substitution(text: str, regex: str, replacement: str, count: int) -> Substitution:
    try:
        pattern = re.compile(regex)
        re.sub(f"{regex}|", replacement, "")  # matches always, and so reads the replacement
    except (re.error, OverflowError, IndexError) as error:
        raise UsageError(f"'{show(text)}': {error}") from None
    return Substitution(text, pattern, replacement, count)


def _captures(text: str) -> list[str]:
    return [name for name, _ in _CAPTURE.findall(text)]


def _pattern(old: str) -> str:
    """The regular expression of OLD; what follows a leading path is the group ``rest``."""
    seen: set[str] = set()
    text, segments = "", old.split(".")
    for position, segment in enumerate(segments):
        whole = _CAPTURE.fullmatch(segment)
        if whole and whole[2] and whole[1] not in seen:
            seen.add(whole[1])
            many = rf"(?P<{whole[1]}>[^.]+(?:\.[^.]+)*)"
            text += rf"(?:\.{many})?" if position else rf"(?:{many}(?:\.|\Z))?"
        else:
            dot = "" if position == 0 or (position == 1 and _is_many(segments[0])) else r"\."
            text += dot + _segment(segment, seen)
    return text + ("(?P<rest>)" if _is_many(segments[-1]) else r"(?P<rest>\..*)?")


def _is_many(segment: str) -> bool:
    whole = _CAPTURE.fullmatch(segment)
    return bool(whole and whole[2])


def _segment(segment: str, seen: set[str]) -> str:
    text, end = "", 0
    for match in _CAPTURE.finditer(segment):
        text += re.escape(segment[end : match.start()])
        text += f"(?P={match[1]})" if match[1] in seen else f"(?P<{match[1]}>[^.]+)"
        seen.add(match[1])
        end = match.end()
    return text + re.escape(segment[end:])


def _filled(segment: str, match: re.Match[str]) -> str | None:
    """A segment of NEW with its captures; ``None`` for one that captured no segment at all."""
    whole = _CAPTURE.fullmatch(segment)
    if whole and match[whole[1]] is None:
        return None
    return _CAPTURE.sub(lambda found: match[found[1]] or "", segment)
