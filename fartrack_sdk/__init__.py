"""Deploy a single-object tracker: one API, interchangeable runtimes.

from fartrack_sdk import Tracker

tracker = Tracker.from_pretrained().init(frame, (x, y, w, h))
result = tracker.track(next_frame)
"""

from .boxes import Box
from .config import StateThresholds, TrackerConfig
from .errors import (
    ArtifactError,
    CalibrationError,
    ConfigError,
    DeviceUnavailableError,
    ExportError,
    FartrackError,
    InferenceError,
    InputError,
    MissingDependencyError,
    ParityError,
    RuntimeUnavailableError,
    StateError,
)
from .loading import export, load_checkpoint, load_exported, load_pretrained
from .multi import MultiTracker
from .result import Timings, TrackResult, TrackState
from .runtime import Runtime, RuntimeInfo, ScriptedRuntime
from .tracked_model import TrackedModel
from .tracker import Tracker

__version__ = "0.1.0"

__all__ = [
    "ArtifactError",
    "Box",
    "CalibrationError",
    "ConfigError",
    "DeviceUnavailableError",
    "ExportError",
    "FartrackError",
    "InferenceError",
    "InputError",
    "MissingDependencyError",
    "MultiTracker",
    "ParityError",
    "Runtime",
    "RuntimeInfo",
    "RuntimeUnavailableError",
    "ScriptedRuntime",
    "StateError",
    "StateThresholds",
    "Timings",
    "TrackResult",
    "TrackState",
    "TrackedModel",
    "Tracker",
    "TrackerConfig",
    "export",
    "load_checkpoint",
    "load_exported",
    "load_pretrained",
]
