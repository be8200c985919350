"""The top of a page: what the checkpoint is, its totals, dtypes, ties and metadata."""

import html
from collections.abc import Iterator

from paramctl.names import counted, layer_segment
from paramctl.report.diff_places import percent
from paramctl.report.html.portrait import Portrait
from paramctl.report.html.words import count, left_out, name, section, table, text, within
from paramctl.report.values import bytes_text

_COLORS = 6
_LIST = 40_000  # bytes


def header(portrait: Portrait) -> str:
    """Title, and a sentence on what lies before the reader."""
    target, files = portrait.target, len(portrait.target.shards)
    parts = [target.family] if target.family else []
    parts.append("safetensors")
    if files > 1:
        parts.append(counted(files, "shard"))
    against = f" · compared with {name(portrait.against)}" if portrait.diff else ""
    notes = "".join(f'<p class="note">{text(note)}</p>' for note in target.notes[:5])
    return (
        f'<header><p class="kind">checkpoint</p><h1>{text(portrait.title)}</h1>'
        f'<p class="sub">{" · ".join(map(html.escape, parts))}{against}</p>{notes}</header>\n'
    )


def totals(portrait: Portrait) -> str:
    """The numbers that people ask for first."""
    found = portrait.inspection
    parameters = count(found.unique)
    if found.stored == found.named == found.unique:
        below = "counted once each"
    else:
        below = f"{count(found.stored)} stored, {count(found.named)} by name"
    cards = [
        ("parameters", parameters, below),
        ("tensors", count(found.tensors), _names(portrait)),
        ("size", bytes_text(found.nbytes or 0), f"{count(found.nbytes)} bytes"),
        ("layers", *_layers(portrait)),
        ("check", *_health(portrait)),
    ]
    if portrait.diff is not None:
        changed = len(portrait.diff.changes)
        title = "equal" if portrait.diff.is_equal else count(changed)
        cards.append(("changes", title, f"of {count(portrait.diff.compared)} tensors"))
    boxes = "".join(
        f'<div class="card"><b>{html.escape(value)}</b><span>{label}</span><small>{below}</small>'
        "</div>"
        for label, value, below in cards
    )
    return f'<div class="cards">{boxes}</div>\n'


def _names(portrait: Portrait) -> str:
    aliases = len(portrait.entries) - len(portrait.stored)
    return f"and {counted(aliases, 'tied name')}" if aliases else "no tied names"


def _layers(portrait: Portrait) -> tuple[str, str]:
    """How many layers the largest container has, and how it is called."""
    seen: dict[str, set[int]] = {}
    for entry in portrait.entries:
        place = layer_segment(entry.name)
        if place is not None:
            seen.setdefault(place[0], set()).add(place[1])
    if not seen:
        return "–", "no numbered layers"
    container = max(seen, key=lambda key: len(seen[key]))
    return count(len(seen[container])), f"in {name(container)}" if container else "at the top"


def _health(portrait: Portrait) -> tuple[str, str]:
    errors, warnings = (portrait.verdict.count(kind) for kind in ("error", "warning"))
    if not errors and not warnings:
        return "sound", f"{counted(len(portrait.verdict.rules), 'rule')} ran"
    return counted(errors, "error"), counted(warnings, "warning")


def dtypes(portrait: Portrait) -> str:
    """What each dtype has of the bytes, as a bar and as numbers."""
    found = portrait.inspection
    total = found.nbytes or 0
    rects, rows, start = [], [], 0.0
    for place, (dtype, share) in enumerate(found.dtypes.items()):
        part = 100 * (share.nbytes or 0) / total if total else 0.0
        color = f"c{place % _COLORS}"
        rects.append(f'<rect class="{color}" x="{start:.3f}%" width="{part:.3f}%" height="14"/>')
        start += part
        rows.append(
            f'<tr><td><i class="dot {color}"></i>{dtype}</td><td class="num">{share.tensors:,}</td>'
            f'<td class="num">{count(share.numel)}</td>'
            f'<td class="num">{bytes_text(share.nbytes or 0)}</td>'
            f'<td class="num">{html.escape(percent(share.nbytes or 0, total))}</td></tr>'
        )
    if not rows:
        return ""
    bar = f'<svg class="bar" height="14" role="img" aria-label="bytes by dtype">{"".join(rects)}'
    columns = [("dtype", ""), *((title, "num") for title in _DTYPE_NUMBERS)]
    return section("dtypes", "Bytes by dtype", f"{bar}</svg>", table(columns, rows))


_DTYPE_NUMBERS = ("tensors", "elements", "bytes", "share")


def ties(portrait: Portrait) -> str:
    """The names that share a tensor."""
    items, rest = within(
        (
            f"<li>{' = '.join(name(one) for one in group[:8])}"
            f"{f' and {len(group) - 8:,} more' if len(group) > 8 else ''}</li>"
            for group in portrait.inspection.ties
        ),
        _LIST,
        200,
    )
    if not items:
        return ""
    return section("ties", "Ties", f"<ul>{''.join(items)}</ul>", left_out(rest, "ties"))


def metadata(portrait: Portrait) -> str:
    """The strings in the file that are no aliases."""
    items, rest = within(_pairs(portrait), _LIST, 100)
    if not items:
        return ""
    more = left_out(rest, "strings", "<code>paramctl meta</code>")
    return section("metadata", "Metadata", f"<dl>{''.join(items)}</dl>", more)


def _pairs(portrait: Portrait) -> Iterator[str]:
    manifest = portrait.target.manifest
    for key, value in manifest.metadata.items():
        if key not in manifest:
            yield f"<dt>{name(key)}</dt><dd>{text(value)}</dd>"
