"""The JSON Schema of a spec, for editors; made from the types below."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

Text = str | int | float | bool
Expression = Annotated[
    str | int | float | bool | None, Meta(description="An expression of the small language.")
]
Codes = dict[str, Expression]
Names = str | list[str]


class Entry(Struct, forbid_unknown_fields=True, rename={"sources": "from"}):
    """A config name with its default and where config.json may have it."""

    default: Any = None
    sources: Annotated[Names, Meta(description="Expressions over config.json, best first.")] | (
        UnsetType
    ) = UNSET
    nullable: Annotated[bool, Meta(description="null in config.json is None, not the default.")] = (
        False
    )
    choices: Annotated[list[Any], Meta(description="The values that the spec can build.")] | (
        UnsetType
    ) = UNSET


class Tie(Struct, forbid_unknown_fields=True):
    """A tie that holds when an expression over the config is true."""

    to: str
    when: Expression | UnsetType = UNSET


class Input(Struct, forbid_unknown_fields=True):
    """What the model takes under one name."""

    shape: (
        Annotated[
            list[int | str | None],
            Meta(description="Numbers, expressions, or names of free sizes."),
        ]
        | UnsetType
    ) = UNSET
    dtype: str = "float32"
    below: Annotated[Expression, Meta(description="Integers are below this.")] | UnsetType = UNSET
    default: Any = UNSET
    about: str = ""


class Block(Struct, forbid_unknown_fields=True):
    """A block: arguments, tensors, children, and how it computes."""

    about: str = ""
    role: Annotated[str, Meta(description="What its tensors do, such as norm.")] = ""
    args: (
        Annotated[
            dict[str, Any] | list[str],
            Meta(description="Arguments and defaults; null may stay unknown; `required` has none."),
        ]
        | UnsetType
    ) = UNSET
    let: Annotated[Codes, Meta(description="Names computed from the arguments.")] | (
        UnsetType
    ) = UNSET
    infer: Annotated[Codes, Meta(description="How an argument follows from the inputs.")] | (
        UnsetType
    ) = UNSET
    params: (
        Annotated[Codes, Meta(description="Tensors: Param(…), Buffer(…), Constant(…) or None.")]
        | UnsetType
    ) = UNSET
    modules: Annotated[Codes, Meta(description="Children: layers, blocks or None.")] | (
        UnsetType
    ) = UNSET
    inputs: Names | dict[str, Any] | UnsetType = UNSET
    forward: Annotated[str, Meta(description="Lines in the small language.")] | UnsetType = UNSET


class Model(Struct, forbid_unknown_fields=True):
    """The model as a block, with names for what it returns."""

    about: str = ""
    inputs: Names | UnsetType = UNSET
    outputs: Names | UnsetType = UNSET
    params: Codes | UnsetType = UNSET
    modules: Codes | UnsetType = UNSET
    forward: str | UnsetType = UNSET


class Recognized(Struct, forbid_unknown_fields=True):
    """By what a config.json is recognized as of this family."""

    model_type: Names | UnsetType = UNSET
    architectures: Names | UnsetType = UNSET


class Spec(Struct, forbid_unknown_fields=True):
    """An architecture for paramctl; an entry that is null leaves out that of the base."""

    paramctl: Annotated[Literal[1], Meta(description="The version of the language.")]
    name: str = ""
    about: str = ""
    extends: (
        Annotated[str, Meta(description="A built-in family, or a .yaml file in the same folder.")]
        | UnsetType
    ) = UNSET
    match: Recognized | UnsetType = UNSET
    prefixes: Annotated[Names, Meta(description="Prefixes that files carry or lack.")] | (
        UnsetType
    ) = UNSET
    renamed: (
        Annotated[
            dict[str, str | None],
            Meta(description="Runs of name segments in old files, and ours."),
        ]
        | UnsetType
    ) = UNSET
    ignore: (
        Annotated[
            Names, Meta(description="Selections of tensors that files may hold beyond the model's.")
        ]
        | UnsetType
    ) = UNSET
    config: dict[str, Entry | list[Any] | Text | None] | UnsetType = UNSET
    inputs: dict[str, Input | list[int | str | None] | None] | UnsetType = UNSET
    blocks: dict[str, Block | None] | UnsetType = UNSET
    model: (
        Annotated[
            Model | list[Any] | str,
            Meta(description="A block, a list of layers, or one expression."),
        ]
        | UnsetType
    ) = UNSET
    ties: (
        Annotated[dict[str, Tie | str | None], Meta(description="Alias to canonical name.")]
        | UnsetType
    ) = UNSET
    init: (
        Annotated[
            dict[str, str | None], Meta(description="Selection to scheme; the last match wins.")
        ]
        | UnsetType
    ) = UNSET


def json_schema() -> dict[str, Any]:
    """The schema as JSON has it."""
    return {"$schema": "http://json-schema.org/draft-07/schema#", **msgspec.json.schema(Spec)}
