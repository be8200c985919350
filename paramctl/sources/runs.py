"""Small tensors that lie side by side: worth one request together where requests take time."""

from collections.abc import Sequence

from paramctl.manifest import Entry

SMALL = 1 << 22  # bytes; a larger tensor is worth requests of its own
LONGEST = 1 << 24  # of a run


def run_ends(entries: Sequence[Entry]) -> dict[str, int]:
    """For each small tensor, where the run of small tensors that begins with it ends.

    A run ends in front of a larger tensor or a gap, and after some megabytes.
    """
    ends: dict[str, int] = {}
    run: list[Entry] = []
    for entry in sorted(entries, key=lambda entry: (entry.shard, entry.start, entry.stop)):
        is_small = entry.stop - entry.start < SMALL
        follows = run and (run[-1].shard, run[-1].stop) == (entry.shard, entry.start)
        if not (is_small and follows and entry.stop - run[0].start < LONGEST):
            ends.update((member.name, run[-1].stop) for member in run)
            run = []
        if is_small:
            run.append(entry)
    ends.update((member.name, run[-1].stop) for member in run)
    return ends
