"""Video in and out: sources, live reading, overlays, files, plots.

Nothing here knows about models; it gives frames to a tracker and takes its results.
"""

from .backoff import Backoff
from .frames import Frame, FrameSource
from .images import ImageSource
from .live import ThreadedSource
from .sources import open_source

__all__ = ["Backoff", "Frame", "FrameSource", "ImageSource", "ThreadedSource", "open_source"]
