"""The frames that are measured on: the clip that ships, or any source with a first box."""

from __future__ import annotations

from ..errors import ConfigError

BoxRow = tuple[float, float, float, float]


def clip_of(source: str | None, box: BoxRow | None) -> tuple[str, tuple[float, ...]]:
    """A source and the first box.

    Args:
        source: anything `open_source` takes; None for the clip that ships.
        box: (x, y, w, h) in pixels; needed with a source.

    Raises:
        ConfigError: a source without a box.
    """
    if source is None:
        from ..video.demo import demo_clip

        clip = demo_clip()
        return str(clip.path), tuple(box or clip.box)
    if box is None:
        raise ConfigError("expected --box x,y,w,h with --source: where is the target at first?")
    return source, tuple(box)
