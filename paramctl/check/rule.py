"""A rule of ``check``: an id, a severity, a hint, and a function from a subject to findings."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from paramctl.check.finding import Finding, Severity
from paramctl.check.subject import Subject
from paramctl.errors import UsageError
from paramctl.names import near
from paramctl.registry import Registry

Check = Callable[[Subject], Iterator[Finding]]


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        id: what ``--select`` and ``--ignore`` call it.
        group: what they call it together with its kin: ``format``, ``index``, ``ties``…
        severity: of its findings, unless a finding says otherwise.
        hint: for findings without a hint of their own.
        needs: what the subject must have: ``values`` for permission to read all numbers,
            ``binding`` for a model that the checkpoint was bound to, ``expectations`` for a
            file of the user's own.
        check: the function.
        what: what it finds, in a sentence.
    """

    id: str
    group: str
    severity: Severity
    hint: str
    needs: str
    check: Check
    what: str = ""

    def findings(self, subject: Subject) -> Iterator[Finding]:
        """What the rule finds, one at a time as it is found."""
        for found in self.check(subject):
            yield found if found.hint else replace(found, hint=self.hint)


RULES: Registry[Rule] = Registry("check rule", "paramctl.check.rules")


def rule(
    id: str, group: str, severity: Severity = "error", *, hint: str = "", needs: str = ""
) -> Callable[[Callable[[Subject], Iterator[tuple[str, ...]]]], Check]:
    """A decorator that makes a rule of a function yielding (name, message) per finding.

    A third text is a hint for this finding alone, in place of the rule's.
    """

    def enter(function: Callable[[Subject], Iterator[tuple[str, ...]]]) -> Check:
        def check(subject: Subject) -> Iterator[Finding]:
            for told in function(subject):
                yield Finding(id, severity, *told)

        what = (function.__doc__ or "").strip()
        RULES.register(id)(Rule(id, group, severity, hint, needs, check, what))
        return check

    return enter


def all_rules() -> list[Rule]:
    """Every rule, in the order in which they run."""
    return chosen_rules((), ())


def chosen_rules(select: tuple[str, ...], ignore: tuple[str, ...]) -> list[Rule]:
    """The rules to run, given by id or group; all but the ignored ones without a selection.

    Raises:
        UsageError: a word is neither, and the hint offers the nearest; or no rule is left.
    """
    rules = [RULES[id] for id in RULES]
    known = {word for rule in rules for word in (rule.id, rule.group)}
    for word in (*select, *ignore):
        if word not in known:
            similar = near(word, known, 1)
            raise UsageError(
                f"no check rule or group named '{word}'",
                hint=f"did you mean {similar[0]}?" if similar else ", ".join(sorted(known)),
            )
    wanted = [rule for rule in rules if not select or {rule.id, rule.group} & set(select)]
    kept = [rule for rule in wanted if not {rule.id, rule.group} & set(ignore)]
    if not kept:
        raise UsageError("every rule is left out", hint="an empty check proves nothing")
    return sorted(kept, key=lambda rule: _ORDER.get(rule.group, len(_ORDER)))


def refuse_idle(select: tuple[str, ...], rules: list[Rule], subject: Subject) -> None:
    """Insist that something runs for each word of a selection: silence would look like health.

    Raises:
        UsageError: a word stands for rules that need what the user did not give.
    """
    for word in select:
        meant = [rule for rule in rules if word in (rule.id, rule.group)]
        needs = {rule.needs for rule in meant if not subject.offers(rule.needs)}
        if meant and all(rule.needs in needs for rule in meant):
            raise UsageError(
                f"the rules of '{word}' did not run" if len(meant) > 1 else f"'{word}' did not run",
                hint=f"it needs {NEEDS[min(needs)]}",
            )


NEEDS = {
    "": "",
    "values": "--values",
    "binding": "--spec, or a config.json of a known family",
    "expectations": "--expect",
}  # what a user has to say for a need

GROUPS = ("format", "index", "ties", "layers", "spec", "values", "expect")
_ORDER = {group: place for place, group in enumerate(GROUPS)}
