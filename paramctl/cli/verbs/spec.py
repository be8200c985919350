"""Look up architectures: families, layers, shapes, and the schema of specs."""

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paramctl.cli.group import several
from paramctl.cli.looking import Inputs, Settings
from paramctl.cli.options import Common, Model, verb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paramctl.engine.parameter import Parameter
    from paramctl.report.report import Report
    from paramctl.report.screen import Screen
    from paramctl.spec.describe import LayerText
    from paramctl.spec.module import SpecModule

GROUP = "Learn"

app = several(__doc__)


@app.command("list")
@verb
def families(*, common: Common) -> None:
    """List the built-in families."""
    from paramctl.report.emit import emit
    from paramctl.report.report import Branch, Column, Report
    from paramctl.spec.describe import describe_families

    found = describe_families()
    rows = [
        (one.name, ", ".join(one.model_type), ", ".join(one.architectures), one.about)
        for one in found
    ]
    columns = ("name", "model_type", "architectures", "about")
    payload = {
        "families": [
            {
                "name": one.name,
                "about": one.about,
                "extends": one.extends or None,
                "model_type": list(one.model_type),
                "architectures": list(one.architectures),
            }
            for one in found
        ]
    }
    kinds = (Column("name", "name"), *(Column(name) for name in columns[1:]))
    short = [Branch((name, about)) for name, _, _, about in rows]
    report = Report(
        "spec",
        kinds,
        rows,
        payload,
        "families",
        branches=short,
        branch_columns=(kinds[0], kinds[-1]),
        is_tree=True,
    )
    emit(report, common)


@app.command("show")
@verb
def show(
    name: Annotated[str, typer.Argument(metavar="SPEC|LAYER", help="A spec, or a built-in layer.")],
    *,
    common: Common,
) -> None:
    """Print the text of a spec, a family or a layer."""
    from paramctl.report.emit import emit
    from paramctl.report.report import Column, Report
    from paramctl.spec.describe import spec_text

    path, text = spec_text(name)
    if common.form == "json":
        payload = {"name": name, "path": str(path), "text": text}
        emit(Report("spec", (Column("text"),), (), payload, None), common)
    else:
        print(text, end="" if text.endswith("\n") else "\n")


@app.command("layers")
@verb
def layers(
    name: Annotated[
        str | None, typer.Argument(metavar="[LAYER]", help="One of them; all if left out.")
    ] = None,
    *,
    common: Common,
) -> None:
    """List the built-in layers: arguments, tensors, default initializers."""
    from paramctl.report.emit import emit
    from paramctl.spec.describe import describe_layers

    emit(_layer_report(describe_layers(name), is_detailed=name is not None), common)


def _layer_report(found: "list[LayerText]", *, is_detailed: bool) -> "Report":
    from paramctl.report.report import Branch, Column, Report

    rows = [
        (one.name, one.usage, ", ".join(f"{t.name} {t.shape}" for t in one.tensors), one.about)
        for one in found
    ]
    columns = (Column("name", "name"), Column("usage"), Column("tensors"), Column("about"))
    payload = {
        "layers": [
            {
                "name": one.name,
                "usage": one.usage,
                "about": one.about,
                "tensors": [vars(tensor) for tensor in one.tensors],
            }
            for one in found
        ]
    }

    return Report(
        "spec",
        columns,
        rows,
        payload,
        "layers",
        branches=[Branch((one.name, one.about)) for one in found],
        branch_columns=(columns[0], columns[-1]),
        is_tree=not is_detailed,
        text=partial(_layer_lines, found) if is_detailed else None,
    )


def _layer_lines(found: "list[LayerText]", screen: "Screen") -> "Iterator[str]":
    from paramctl.report.wrapping import wrapped

    for one in found:
        yield from wrapped(one.usage, "    ", screen)
        yield from wrapped(f"    {one.about}", "    ", screen)
        for tensor in one.tensors:
            extra = f" {tensor.when}" if tensor.when else ""
            init = f" = {tensor.init}" if tensor.init else ""
            line = f"  {tensor.kind} {tensor.name} {tensor.shape}{init}{extra}"
            yield from wrapped(line, "    ", screen)


@app.command("language")
@verb
def language(
    name: Annotated[
        str | None, typer.Argument(metavar="[FUNCTION]", help="One of them; all if left out.")
    ] = None,
    *,
    common: Common,
) -> None:
    """List the functions of the language: usage, formula, shapes, source."""
    from paramctl.report.emit import emit
    from paramctl.report.report import Column, Report
    from paramctl.report.wrapping import wrapped
    from paramctl.spec.language import arithmetic_names, describe_functions

    found = describe_functions(name)
    payload = {
        "functions": [{**vars(one), "aliases": list(one.aliases)} for one in found],
        "arithmetic": arithmetic_names(),
    }

    def text(screen: "Screen") -> "Iterator[str]":
        for one in found:
            also = f"  (also {', '.join(one.aliases)})" if one.aliases else ""
            yield from wrapped(f"{one.usage}{also}", "  ", screen)
            for line in (one.formula, one.shapes, one.source and f"Source: {one.source}"):
                if line:
                    yield from wrapped(f"    {line}", "      ", screen)

    rows = [(one.name, one.usage, one.formula, one.shapes) for one in found]
    columns = (Column("name", "name"), *(Column(each) for each in ("usage", "formula", "shapes")))
    emit(Report("spec", columns, rows, payload, "functions", text=text), common)


@app.command("shapes")
@verb
def shapes(
    spec: Annotated[
        str,
        typer.Argument(
            metavar="SPEC|MODEL", help="A spec, or a checkpoint whose config.json names a family."
        ),
    ],
    model: Annotated[
        str | None, typer.Argument(metavar="[MODEL]", help="A checkpoint that decides open sizes.")
    ] = None,
    *,
    input_: Inputs = None,
    set_: Settings = None,
    common: Common,
) -> None:
    """Print every tensor's sizes and where each came from: spec, config, input, checkpoint."""
    from paramctl.cli.forms import module_of
    from paramctl.report.emit import emit
    from paramctl.spec.shapes import unknown_sizes

    module = module_of(spec, model, input_ or [], set_ or [])
    emit(_shape_report(module), common)
    unknown = unknown_sizes(module)
    if unknown:
        count = len(unknown)
        what = "tensor has a size" if count == 1 else "tensors have sizes"
        common.say(f"{count} {what} not known yet; give the shape of the input: --input x=2x20")


def _shape_report(module: "SpecModule") -> "Report":
    from paramctl.engine.shapes import show as show_shape
    from paramctl.report.report import Column, Report
    from paramctl.spec.manifest import shape_of

    found = [(name, parameter) for name, parameter in module.named_parameters()]
    rows = [(name, shape_of(parameter), "; ".join(_told(parameter))) for name, parameter in found]
    payload = {
        "shapes": [
            {"name": name, "shape": list(shape_of(parameter)), "sizes": _sizes(parameter)}
            for name, parameter in found
        ]
    }

    def text(_screen: "Screen") -> "Iterator[str]":
        for name, parameter in found:
            yield f"{name} {show_shape(parameter.shape)}"
            for line in _told(parameter):
                yield f"    {line}"

    columns = (Column("name", "name"), Column("shape", "shape"), Column("from"))
    return Report("spec", columns, rows, payload, "shapes", text=text)


def _told(parameter: "Parameter") -> list[str]:
    return [
        f"{'?' if size['value'] is None else size['value']} {size['from'] or 'not known yet'}"
        for size in _sizes(parameter)
    ]


def _sizes(parameter: "Parameter") -> list[dict[str, Any]]:
    origins = [*parameter.origins, *[""] * len(parameter.shape)]
    return [
        {"value": size if isinstance(size, int) else None, "from": origin or None}
        for size, origin in zip(parameter.shape, origins, strict=False)
    ]


@app.command("schema")
@verb
def schema(*, common: Common) -> None:
    """Print the JSON Schema of specs, for editors."""
    import json

    from paramctl.spec.schema import json_schema

    print(json.dumps(json_schema(), indent=2))


@app.command("infer")
@verb
def infer(model: Model, *, common: Common) -> None:
    """Print a starting spec with the names and shapes of a checkpoint."""
    from pathlib import PurePath

    from paramctl.sources.open import open_source
    from paramctl.spec.starting import starting_spec

    with open_source(model) as source:
        text = starting_spec(source.manifest, PurePath(source.path.name).stem or "model")
    print(text, end="")
    common.say("names and shapes are the checkpoint's; every forward is left to write")
