"""A checkpoint as a recipe would lay it out, readable by name without being written."""

from collections import OrderedDict
from contextlib import ExitStack
from pathlib import Path
from threading import Lock

from paramctl.edit.content import Stored
from paramctl.edit.plan import Plan, plan
from paramctl.edit.stream import Stream
from paramctl.errors import UsageError
from paramctl.figures.pieces import Readable
from paramctl.formats.content import BLOCK, Content
from paramctl.manifest import Manifest
from paramctl.sources.source import Source

_KEPT = 8  # blocks of a tensor, so that readers may be that far apart
_OPEN = 4  # tensors that are read at the same time


class Laid(Readable):
    """The result of a plan as something to compare.

    What the plan leaves alone is read where it lies; the rest is computed block by block, as
    often as it is asked for.
    """

    def __init__(self, laid_out: Plan) -> None:
        self.plan = laid_out
        self._made: OrderedDict[str, _Made] = OrderedDict()
        self._lock = Lock()

    @property
    def manifest(self) -> Manifest:
        """The entries of the result."""
        return self.plan.manifest

    def read_into(self, name: str, buffer: bytearray | memoryview, start: int = 0) -> None:
        """Fill ``buffer`` from byte ``start`` of the tensor."""
        content = self.plan.draft.content(name)
        if isinstance(content, Stored):
            content.source.read_into(content.name, buffer, start)
        else:
            self._made_of(name, content).read_into(memoryview(buffer).cast("B"), start)

    def __reduce__(self) -> str:
        raise UsageError(
            "what a recipe lays out can't be read by other processes",
            hint="write it with `paramctl apply` and compare that, or leave out --executor",
        )

    def _made_of(self, name: str, content: Content) -> "_Made":
        with self._lock:
            made = self._made.pop(name, None) or _Made(content)
            self._made[name] = made
            if len(self._made) > _OPEN:
                self._made.popitem(last=False)
            return made


class _Made:
    """A computed content that several threads read at nearly the same place."""

    def __init__(self, content: Content) -> None:
        self.content = content
        self.stream = Stream(iter(()))
        self.following: int | None = None  # the number of the block that the stream gives next
        self.blocks: OrderedDict[int, bytearray] = OrderedDict()
        self.lock = Lock()

    def read_into(self, buffer: memoryview, start: int) -> None:
        place = 0
        while place < len(buffer):
            number, offset = divmod(start + place, BLOCK)
            with self.lock:
                block = self._block(number)
            part = memoryview(block)[offset : offset + len(buffer) - place]
            buffer[place : place + len(part)] = part
            place += len(part)

    def _block(self, number: int) -> bytearray:
        if number in self.blocks:
            return self.blocks[number]
        if self.following is None or number < self.following:
            self.stream, self.following = Stream(self.content.blocks()), 0
        while number not in self.blocks:
            nbytes = min(BLOCK, self.content.nbytes - self.following * BLOCK)
            self.blocks[self.following] = self.stream.read(nbytes)
            self.following += 1
            if len(self.blocks) > _KEPT:
                self.blocks.popitem(last=False)
        return self.blocks[number]


def laid_out(source: Source, recipe: Path, opened: ExitStack) -> Laid:
    """A checkpoint after the steps of a recipe.

    Args:
        opened: closes the checkpoints that steps take tensors from.

    Raises:
        SpecError: the recipe is missing or breaks a rule.
        UsageError: a step contradicts what is there.
    """
    from paramctl.edit.recipe import read_recipe

    return Laid(plan(source, read_recipe(recipe, opened)))


def is_recipe(path: Path) -> bool:
    """Whether a file is a YAML map with steps, rather than a map of names."""
    if path.suffix.lower() not in (".yaml", ".yml") or not path.is_file():
        return False
    from paramctl.spec.nodes import Map, Sequence
    from paramctl.spec.yaml import read_yaml

    top = read_yaml(path, what="map")
    return isinstance(top, Map) and isinstance(top.get("steps"), Sequence)
