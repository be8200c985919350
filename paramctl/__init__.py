"""Model inspection and parameter surgery for safetensors checkpoints.

The names below are the library; each is imported from its room when it is first used, so that
``import paramctl`` costs nothing.

    with paramctl.open_source("model/") as source:
        for entry in paramctl.choose(source.manifest, ["layer:-1 & ndim:2"]):
            print(entry.name, paramctl.statistics(source, entry).std)
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from paramctl.binding.bind import bind
    from paramctl.check.check import check as check_model
    from paramctl.compute.executor import executor
    from paramctl.diff.diff import diff as diff_sources
    from paramctl.edit.plan import Edit, Plan, Step, plan
    from paramctl.edit.write import Where, destination, write
    from paramctl.errors import ParamctlError
    from paramctl.figures.comparison import compare
    from paramctl.figures.digest import digest, model_digest
    from paramctl.figures.statistics import statistics
    from paramctl.init.scheme import parse_scheme
    from paramctl.manifest import Entry, Manifest
    from paramctl.run.perform import perform
    from paramctl.run.request import Request
    from paramctl.select.choose import choose
    from paramctl.sources.open import open_source
    from paramctl.sources.source import Source
    from paramctl.spec.build import build
    from paramctl.spec.load import load_spec

__version__ = "0.1.0"

# A name here is where it lives; a room and a function of one name (`diff`, `check`) can't both be
# attributes of the package, so the functions carry what they are about.
_PLACES = {
    "Edit": "edit.plan",
    "Entry": "manifest",
    "Manifest": "manifest",
    "ParamctlError": "errors",
    "Plan": "edit.plan",
    "Request": "run.request",
    "Source": "sources.source",
    "Step": "edit.plan",
    "Where": "edit.write",
    "bind": "binding.bind",
    "build": "spec.build",
    "check_model": "check.check:check",
    "choose": "select.choose",
    "compare": "figures.comparison",
    "destination": "edit.write",
    "diff_sources": "diff.diff:diff",
    "executor": "compute.executor",
    "digest": "figures.digest",
    "load_spec": "spec.load",
    "model_digest": "figures.digest",
    "open_source": "sources.open",
    "parse_scheme": "init.scheme",
    "perform": "run.perform",
    "plan": "edit.plan",
    "statistics": "figures.statistics",
    "write": "edit.write",
}

__all__ = [
    "Edit",
    "Entry",
    "Manifest",
    "ParamctlError",
    "Plan",
    "Request",
    "Source",
    "Step",
    "Where",
    "bind",
    "build",
    "check_model",
    "choose",
    "compare",
    "destination",
    "diff_sources",
    "digest",
    "executor",
    "load_spec",
    "model_digest",
    "open_source",
    "parse_scheme",
    "perform",
    "plan",
    "statistics",
    "write",
]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'paramctl' has no attribute '{name}'")
    from importlib import import_module

    place, _, original = _PLACES[name].partition(":")
    piece = getattr(import_module(f"paramctl.{place}"), original or name)
    globals()[name] = piece
    return piece
