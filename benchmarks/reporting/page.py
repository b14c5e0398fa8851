"""A report as one HTML file that needs nothing else."""

from __future__ import annotations

import base64
import html
from typing import TYPE_CHECKING

from .drawing import render
from .table import to_html

if TYPE_CHECKING:
    from .outputs import Report

CSS = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; color: #212529;
  margin: 2rem auto; max-width: 76rem; padding: 0 1.25rem; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; }
h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .55rem; text-align: left; vertical-align: top;
  border-bottom: 1px solid #e3e6ea; }
th { border-bottom: 2px solid #adb5bd; vertical-align: bottom; }
td { white-space: nowrap; }
td.long { white-space: normal; min-width: 24rem; }
.n { text-align: right; }
tbody tr:hover { background: #f4f6f8; }
.note { color: #6c757d; font-size: .85rem; margin: .4rem 0 0; }
figure { margin: 1.5rem 0; }
figure svg, figure img { max-width: 100%; height: auto; }
figcaption { color: #6c757d; font-size: .85rem; }
"""


def to_page(report: Report) -> str:
    """The page: heading, tables, plots as SVG, pictures embedded."""
    tables = list(report.tables())
    heading = html.escape(report.heading())
    parts = [to_html(table) for table in tables[:1]]
    parts += [_svg(name, render(plot, "svg")) for name, plot in report.plots().items()]
    parts += [to_html(table) for table in tables[1:]]
    parts += [_image(caption, data) for caption, data in report.pictures().items()]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{heading}</title><style>{CSS}</style></head>\n"
        f"<body><h1>{heading}</h1>\n{''.join(parts)}</body></html>\n"
    )


def _svg(caption: str, data: bytes) -> str:
    # As an image, not inline: the ids of several SVGs would collide in one page.
    return _embedded(caption, data, "image/svg+xml")


def _image(caption: str, data: bytes) -> str:
    return _embedded(caption, data, "image/png" if data[:4] == b"\x89PNG" else "image/jpeg")


def _embedded(caption: str, data: bytes, kind: str) -> str:
    text = base64.b64encode(data).decode()
    label = html.escape(caption)
    return (
        f'<figure><img alt="{label}" src="data:{kind};base64,{text}">'
        f"<figcaption>{label}</figcaption></figure>\n"
    )
