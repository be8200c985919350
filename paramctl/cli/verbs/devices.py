"""List what --device can take here."""

from paramctl.cli.options import Common, verb

GROUP = "Run"


@verb
def run(*, common: Common) -> None:
    """List what --device can take here: the CPU, and every GPU that CuPy can use."""
    from paramctl.compute.devices import devices
    from paramctl.report.emit import emit
    from paramctl.report.report import Column, Report

    found, reason = devices()
    columns = (Column("name", "name"), Column("kind"), Column("memory", "bytes"), Column("model"))
    payload = {
        "devices": [
            {"name": one.name, "kind": one.kind, "memory": one.memory, "model": one.model}
            for one in found
        ],
        **({"reason": reason} if reason else {}),
    }
    rows = [(one.name, one.kind, one.memory, one.model) for one in found]
    emit(Report("devices", columns, rows, payload, "devices"), common)
    if reason:
        common.say(f"note: no GPU: {reason}")
