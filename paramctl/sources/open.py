"""From a MODEL to a Source: find the files, read their headers, put the names together."""

import functools
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paramctl.errors import CheckpointError, ParamctlError
from paramctl.formats.header import Header, read_header
from paramctl.formats.index import LARGEST, Index, parse_index
from paramctl.manifest import Manifest
from paramctl.names import counted, natural_order, show
from paramctl.sources import shards, ties
from paramctl.sources.config import read_config, read_open
from paramctl.sources.described import described
from paramctl.sources.directory import Place, check_rivals, locate
from paramctl.sources.files import Files
from paramctl.sources.paths import open_given, open_inside
from paramctl.sources.source import Source
from paramctl.sources.spool import spool

_NOTHING = Header((), {}, (), 0, 0)


def open_source(
    model: str | Path, *, lenient: bool = False, family_ties: ties.FamilyTies | None = None
) -> Source:
    """Open a checkpoint for reading.

    Args:
        model: a file, an index, a folder, or ``-`` for standard input.
        lenient: go on where a shard or a listed tensor is missing or malformed, and collect
            the errors in ``Source.problems``.
        family_ties: what a family ties under a config; by default the built-in families.

    Raises:
        CheckpointError: missing, unreadable or malformed.
    """
    opening = _Opening(Files(), lenient)
    try:
        return opening.run(model, family_ties or _built_in_ties)
    except BaseException:
        opening.descriptors.close()
        raise


@dataclass
class _Opening:
    """The steps of opening one model, and what they collect."""

    descriptors: Files
    lenient: bool
    notes: list[str] = field(default_factory=list)
    problems: list[CheckpointError] = field(default_factory=list)
    unreadable: dict[int, CheckpointError] = field(default_factory=dict)
    declared: tuple[tuple[str, str], ...] = ()

    def run(self, model: str | Path, family_ties: ties.FamilyTies) -> Source:
        if str(model) == "-":
            return self._standard_input()
        if model == "":  # as a path, this would be the current folder
            raise CheckpointError("the path of the model is empty")
        place = locate(Path(model))
        index = self._index(place) if place.is_index else None
        names = index.shards if index else [place.name]
        headers = self._headers(place, index)
        config, notes = read_config(place.folder)
        self.notes += notes
        manifest = self._manifest(place, index, headers, config, family_ties)
        return Source(
            path=Path(model),
            where=show(str(model)),
            folder=place.folder,
            manifest=manifest,
            files=tuple(place.folder / name for name in names),
            headers=tuple(headers),
            index=index,
            index_path=place.path if index else None,
            config=config,
            descriptors=self.descriptors,
            is_directory=place.is_index or not place.is_named,
            notes=self.notes,
            problems=self.problems,
            unreadable=self.unreadable,
            declared_ties=self.declared,
        )

    def _standard_input(self) -> Source:
        where = "standard input"
        file = self.descriptors.add(where, spool, keep=True)
        with self.descriptors.opened(file) as fd:
            header = read_header(fd, where)
        self._note_warnings(header, where)
        manifest = Manifest(header.entries, header.metadata)
        return Source(
            path=Path("-"),
            where=where,
            folder=None,
            manifest=ties.with_aliases(manifest, ties.metadata_aliases(manifest)),
            files=(Path("-"),),
            headers=(header,),
            index=None,
            index_path=None,
            config=None,
            descriptors=self.descriptors,
            notes=self.notes,
        )

    def _index(self, place: Place) -> Index:
        where = show(str(place.path))
        fd = open_given(place.path) if place.is_named else open_inside(place.folder, place.name)
        index = parse_index(read_open(fd, where, LARGEST), where)
        check_rivals(place, index.shards)
        return index

    def _headers(self, place: Place, index: Index | None) -> list[Header]:
        if index is None:
            return [self._header(place, 0, place.name)]
        missing = {n for n in index.shards if not os.path.lexists(place.folder / n)}
        if missing:
            error = shards.missing_error(natural_order(missing), index, show(str(place.path)))
            self._overlook(error)
        headers = []
        for shard, name in enumerate(index.shards):
            try:
                headers.append(self._header(place, shard, name))
            except CheckpointError as error:
                if name not in missing:
                    self._overlook(error)
                self.unreadable[shard] = error
                headers.append(_NOTHING)
        return headers

    def _header(self, place: Place, shard: int, name: str) -> Header:
        path = place.folder / name
        where = show(str(path))
        opener = (
            functools.partial(open_given, path)
            if place.is_named and not place.is_index
            else functools.partial(open_inside, place.folder, name)
        )
        file = self.descriptors.add(where, opener)
        with self.descriptors.opened(file) as fd:
            header = read_header(fd, where, shard=shard)
        self._note_warnings(header, where)
        return header

    def _manifest(
        self,
        place: Place,
        index: Index | None,
        headers: Sequence[Header],
        config: dict[str, Any] | None,
        family_ties: ties.FamilyTies,
    ) -> Manifest:
        if index is None:
            manifest = Manifest(headers[0].entries, headers[0].metadata)
        else:
            entries = shards.listed_entries(index, headers)
            manifest = Manifest(entries, shards.merged_metadata(headers))
        manifest = ties.with_aliases(manifest, ties.metadata_aliases(manifest))
        if config is not None and ties.concerns_family(config):
            self.declared = ties.named_pairs(self._declared(config, family_ties), manifest)
            manifest, notes = ties.apply_family(manifest, self.declared)
            self.notes += notes
        if index is not None:
            self._check_listed(place, index, headers, manifest)
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

    def _check_listed(
        self, place: Place, index: Index, headers: Sequence[Header], manifest: Manifest
    ) -> None:
        gone = {index.shards[shard] for shard in self.unreadable}
        known = set(manifest.names)
        absent = [
            n for n, shard in index.weight_map.items() if n not in known and shard not in gone
        ]
        if absent:
            held = shards.places(index, headers)
            self._overlook(shards.absent_error(absent, index, held, show(str(place.path))))
        unlisted = shards.unlisted_names(index, headers)
        if unlisted:
            shown = ", ".join(show(name) for name in unlisted[:3])
            rest = f" and {len(unlisted) - 3} more" if len(unlisted) > 3 else ""
            self.notes.append(
                f"{show(str(place.path))}: {counted(len(unlisted), 'tensor')} in the shards but "
                f"not in the index, left out: {shown}{rest}"
            )

    def _note_warnings(self, header: Header, where: str) -> None:
        for remark in header.warnings[:3]:
            name = f": {show(remark.name)}" if remark.name else ""
            self.notes.append(f"{where}{name}: {remark}")
        if len(header.warnings) > 3:
            self.notes.append(f"{where}: {counted(len(header.warnings) - 3, 'more remark')}")

    def _overlook(self, error: CheckpointError) -> None:
        if not self.lenient:
            raise error
        self.problems.append(error)


def _built_in_ties(config: dict[str, Any]) -> Sequence[tuple[str, str]]:
    from paramctl.spec.recognize import family_ties  # loads YAML, so only where a config asks

    return family_ties(config)
