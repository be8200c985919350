"""The page as a whole: one HTML file that needs nothing else and asks nobody for anything.

A Content-Security-Policy allows the one style and the one script in it, by their digests,
and nothing besides: no network, no frame, no form, no handler or style in an attribute.
"""

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path

from paramctl import __version__
from paramctl.report.html import changes, heat, overview, spreads, tensors, tree, verdict
from paramctl.report.html.portrait import Portrait
from paramctl.report.html.words import text

_LINKS = {
    "changes": "Changes",
    "check": "Check",
    "dtypes": "Dtypes",
    "tree": "Structure",
    "heat": "Layers",
    "histograms": "Histograms",
    "ties": "Ties",
    "metadata": "Metadata",
    "tensors": "Tensors",
}


def page(portrait: Portrait) -> Iterator[bytes]:
    """The page in pieces, in UTF-8."""
    for piece in _pieces(portrait):
        yield piece.encode("utf-8", "backslashreplace")


def _pieces(portrait: Portrait) -> Iterator[str]:
    style, script = (_asset(file) for file in ("style.css", "script.js"))
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    yield (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f'<meta name="generator" content="paramctl {__version__}">\n'
        f"<title>{text(portrait.title)}</title>\n<style>{style}</style>\n</head>\n<body>\n"
    )
    yield overview.header(portrait)
    yield overview.totals(portrait)
    sections = {
        "changes": changes.changes(portrait),
        "check": verdict.findings(portrait),
        "dtypes": overview.dtypes(portrait),
        "tree": tree.tree(portrait),
        "heat": heat.heat(portrait),
        "histograms": spreads.cards(portrait),
        "ties": overview.ties(portrait),
        "metadata": overview.metadata(portrait),
        "tensors": tensors.tensors(portrait),
    }
    links = "".join(f'<a href="#{key}">{_LINKS[key]}</a>' for key, body in sections.items() if body)
    yield f"<nav>{links}</nav>\n<main>\n"
    yield from sections.values()
    yield f"</main>\n<footer>paramctl {__version__}</footer>\n"
    yield f"<script>{script}</script>\n</body>\n</html>\n"


def _asset(file: str) -> str:
    return Path(__file__).with_name(file).read_text("utf-8")


def _digest(content: str) -> str:
    found = hashlib.sha256(content.encode()).digest()
    return f"sha256-{base64.b64encode(found).decode()}"
