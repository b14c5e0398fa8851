"""The clip that ships with the package."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from ..boxes import Box
from ..errors import ArtifactError

_ASSETS = Path(__file__).resolve().parent.parent / "assets"


@dataclass(frozen=True)
class DemoClip:
    """A short video with a target.

    Attributes:
        path: of the video file.
        box: the target in the first frame, (x, y, w, h) in pixels.
        credit: who made it; name them when you show it.
        license: terms of the clip.
    """

    path: Path
    box: Box
    credit: str
    license: str


def demo_clip() -> DemoClip:
    """The bundled clip.

    Raises:
        ArtifactError: the package was installed without it.
    """
    path, facts_path = _ASSETS / "demo.mp4", _ASSETS / "demo.json"
    if not (path.is_file() and facts_path.is_file()):
        raise ArtifactError(f"expected the demo clip in '{_ASSETS}'; reinstall fartrack-sdk.")
    facts = json.loads(facts_path.read_text(encoding="utf-8"))
    return DemoClip(path, Box(*map(float, facts["box"])), facts["credit"], facts["license"])
