"""From a MODEL to a Source: find the files, read their headers, put the names together."""

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paramctl.columns import Columns
from paramctl.compute.pool import map_ordered
from paramctl.errors import CheckpointError, MissingError, ParamctlError
from paramctl.formats.header import Header, read_header
from paramctl.formats.index import LARGEST, Index, parse_index
from paramctl.manifest import Manifest
from paramctl.names import counted, natural_order, show
from paramctl.sources import shards, ties
from paramctl.sources.address import Address
from paramctl.sources.config import read_config
from paramctl.sources.described import described
from paramctl.sources.directory import Choice, check_rivals, locate
from paramctl.sources.local import LocalPlace
from paramctl.sources.source import Source

if TYPE_CHECKING:
    from paramctl.sources.place import File, Place

_NOTHING = Header(Columns.of(()), {}, (), 0, 0)
_AT_ONCE = 8  # shards of which the headers are asked for together, where asking takes time


def open_source(
    model: str | Path | Address,
    *,
    lenient: bool = False,
    family_ties: ties.FamilyTies | None = None,
) -> Source:
    """Open a checkpoint for reading.

    Args:
        model: a file, an index, a folder, ``-`` for standard input, or the URL of one of the
            first three: ``https://``, ``hf://ORG/NAME[@REVISION][/PATH]``, ``s3://``, ``gs://``.
        lenient: go on where a shard or a listed tensor is missing or malformed, and collect
            the errors in ``Source.problems``.
        family_ties: what a family ties under a config; by default the built-in families.

    Raises:
        CheckpointError: missing, unreadable or malformed.
        UsageError: a URL that can't be one of a model.
        ResourceError: what reads such a URL is not installed.
    """
    if str(model) == "-":
        return _standard_input()
    if model == "":  # as a path, this would be the current folder
        raise CheckpointError("the path of the model is empty")
    choice = locate(model)
    try:
        return _Opening(choice, lenient).run(family_ties or _built_in_ties)
    except BaseException:
        choice.place.close()
        raise


def _standard_input() -> Source:
    place = LocalPlace(Path())
    try:
        return _spooled(place)
    except BaseException:
        place.close()
        raise


def _spooled(place: LocalPlace) -> Source:
    file = place.spooled()
    header = read_header(file)
    manifest = Manifest(header.tensors, header.metadata)
    return Source(
        path=Path("-"),
        place=place,
        manifest=ties.with_aliases(manifest, ties.metadata_aliases(manifest)),
        files=(Path("-"),),
        headers=(header,),
        opened={0: file},
        notes=_remarks(header, file.where),
    )


@dataclass
class _Opening:
    """The steps of opening one model, and what they collect."""

    choice: Choice
    lenient: bool
    opened: dict[int, "File"] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    problems: list[CheckpointError] = field(default_factory=list)
    unreadable: dict[int, CheckpointError] = field(default_factory=dict)
    declared: tuple[tuple[str, str], ...] = ()

    @property
    def place(self) -> "Place":
        return self.choice.place

    def run(self, family_ties: ties.FamilyTies) -> Source:
        choice, place = self.choice, self.place
        index = self._index() if choice.is_index else None
        names = index.shards if index else [choice.name]
        headers = self._headers(names, index)
        config, notes = read_config(place)
        self.notes += notes
        manifest = self._manifest(index, headers, config, family_ties)
        return Source(
            path=choice.model,
            place=place,
            manifest=manifest,
            files=tuple(place.at(name) for name in names),
            headers=tuple(headers),
            opened=self.opened,
            index=index,
            index_path=choice.path if index else None,
            config=config,
            folder=place.folder if isinstance(place, LocalPlace) else None,
            is_directory=choice.is_index or not choice.is_named,
            notes=self.notes,
            problems=self.problems,
            unreadable=self.unreadable,
            declared_ties=self.declared,
        )

    def _index(self) -> Index:
        choice = self.choice
        data = self.place.read_whole(choice.name, LARGEST, is_named=choice.is_named)
        index = parse_index(data, choice.where)
        check_rivals(choice, index.shards)
        return index

    def _headers(self, names: list[str], index: Index | None) -> list[Header]:
        """The header of every shard; what is missing comes before what is malformed."""
        found = list(self._each_header(names))
        self.opened = dict(sorted(self.opened.items()))
        errors = {shard: one for shard, one in enumerate(found) if not isinstance(one, Header)}
        if index is None:
            for error in errors.values():
                raise error
        missing = {names[shard] for shard in errors if isinstance(errors[shard], MissingError)}
        if index is not None and missing:
            order = natural_order(missing)
            self._overlook(shards.missing_error(order, index, self.choice.where))
        for shard, error in errors.items():
            if names[shard] not in missing:
                self._overlook(error)
            self.unreadable[shard] = error
        headers = [one if isinstance(one, Header) else _NOTHING for one in found]
        for name, header in zip(names, headers, strict=True):
            self.notes += _remarks(header, show(str(self.place.at(name))))
        return headers

    def _each_header(self, names: list[str]) -> Iterator[Header | CheckpointError]:
        workers = _AT_ONCE if self.place.is_remote else 1
        return map_ordered(self._header, enumerate(names), workers=workers)

    def _header(self, shard: tuple[int, str]) -> Header | CheckpointError:
        number, name = shard
        is_named = self.choice.is_named and not self.choice.is_index
        try:
            file = self.place.open(name, is_named=is_named)
            self.opened[number] = file
            return read_header(file, shard=number)
        except CheckpointError as error:
            return error

    def _manifest(
        self,
        index: Index | None,
        headers: Sequence[Header],
        config: dict[str, Any] | None,
        family_ties: ties.FamilyTies,
    ) -> Manifest:
        is_complete = True
        if index is None:
            manifest = Manifest(headers[0].tensors, headers[0].metadata, are_distinct=True)
        else:
            entries = shards.listed_entries(index, headers)
            is_complete = shards.is_complete(index, headers, entries)
            metadata = shards.merged_metadata(headers)
            manifest = Manifest(entries, metadata, are_distinct=True)  # each has its own file
        manifest = ties.with_aliases(manifest, ties.metadata_aliases(manifest))
        if config is not None and ties.concerns_family(config):
            self.declared = ties.named_pairs(self._declared(config, family_ties), manifest)
            manifest, notes = ties.apply_family(manifest, self.declared)
            self.notes += notes
        if index is not None and not is_complete:
            self._check_listed(index, headers, manifest)
        if config is not None:
            manifest.describe = functools.partial(described, config, manifest.names)
        return manifest

    def _declared(
        self, config: dict[str, Any], family_ties: ties.FamilyTies
    ) -> Sequence[tuple[str, str]]:
        try:
            return family_ties(config)
        except ParamctlError as error:
            self.notes.append(f"which names config.json ties is not known: {error}")
            return ()

    def _check_listed(self, index: Index, headers: Sequence[Header], manifest: Manifest) -> None:
        gone = {index.shards[shard] for shard in self.unreadable}
        known = set(manifest.names)
        absent = [
            n for n, shard in index.weight_map.items() if n not in known and shard not in gone
        ]
        if absent:
            held = shards.places(index, headers)
            self._overlook(shards.absent_error(absent, index, held, self.choice.where))
        unlisted = shards.unlisted_names(index, headers)
        if unlisted:
            shown = ", ".join(show(name) for name in unlisted[:3])
            rest = f" and {len(unlisted) - 3} more" if len(unlisted) > 3 else ""
            self.notes.append(
                f"{self.choice.where}: {counted(len(unlisted), 'tensor')} in the shards but "
                f"not in the index, left out: {shown}{rest}"
            )

    def _overlook(self, error: CheckpointError) -> None:
        if not self.lenient:
            raise error
        self.problems.append(error)


def _remarks(header: Header, where: str) -> list[str]:
    notes = []
    for remark in header.warnings[:3]:
        name = f": {show(remark.name)}" if remark.name else ""
        notes.append(f"{where}{name}: {remark}")
    if len(header.warnings) > 3:
        notes.append(f"{where}: {counted(len(header.warnings) - 3, 'more remark')}")
    return notes


def _built_in_ties(config: dict[str, Any]) -> Sequence[tuple[str, str]]:
    from paramctl.spec.recognize import family_ties  # loads YAML, so only where a config asks

    return family_ties(config)
