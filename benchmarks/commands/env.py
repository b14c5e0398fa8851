"""``fartrack-bench env``."""

from __future__ import annotations

from typing import Annotated

import typer

from ...cli.common import VERBOSE_HELP, reported
from . import options as o


def env(
    *,
    json: o.Json = None,
    csv: o.Csv = None,
    md: o.Markdown = None,
    html: o.Html = None,
    verbose: Annotated[bool, typer.Option("--verbose", help=VERBOSE_HELP)] = False,
) -> None:
    """Machine, usable cores, libraries and providers: what a bug report needs."""
    with reported(verbose):
        from ..env.collect import environment

        files = o.outputs(json, csv, md, html, None)
        o.hand_over(environment(), files)
