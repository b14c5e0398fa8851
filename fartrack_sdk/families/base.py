"""What a model family provides: its configuration, and the session of one target.

The tracker owns frames, crops and clipping; the session owns the template memory and
knows which graph to run on which feeds and how to read the outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from ..crop import Image
from ..runtime import Feeds, Outputs
from .extras import FamilyExtras

if TYPE_CHECKING:
    from torch import nn

Run = Callable[[str, Feeds], Outputs]
Change = Callable[[], None]
Weights = dict[str, npt.NDArray[Any]]
Triple = tuple[float, float, float]


@dataclass(frozen=True)
class TensorSpec:
    """Name, shape and dtype of a graph's input or output."""

    name: str
    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True)
class GraphSpec:
    """A graph's border."""

    name: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]


@dataclass(frozen=True)
class ImageScale:
    """What a graph over float images is given: (value - shift) * scale, for values 0..255.

    Attributes:
        shift: of red, green, blue.
        scale: of the same.
    """

    shift: Triple
    scale: Triple


@dataclass(frozen=True)
class Estimate:
    """What a pass says about the target.

    Attributes:
        corners: float64 [4], x0, y0, x1, y1 in units of the search crop (0..1 spans it).
        score: confidence, 0..1.
        spread: standard deviation of the corners, mean over the four, in units of the crop.
    """

    corners: npt.NDArray[np.float64]
    score: float
    spread: float


class FamilyConfig(Protocol):
    """What the core needs of a family's configuration, a frozen pydantic model."""

    @property
    def family(self) -> str:
        """Name of the family."""
        ...

    @property
    def variant(self) -> str:
        """Name of the variant, for people."""
        ...

    def model_dump(self) -> dict[str, Any]:
        """The fields as plain values (pydantic's)."""
        ...

    @property
    def search_size(self) -> int:
        """Side of the search crop, pixels."""
        ...

    @property
    def search_factor(self) -> float:
        """Side of the search region over the box's mean side."""
        ...

    @property
    def template_size(self) -> int:
        """Side of the template crop, pixels."""
        ...

    @property
    def template_factor(self) -> float:
        """Side of the template region over the box's mean side."""
        ...


class Session(Protocol):
    """The memory of one target.

    A frame goes ``request`` -> runtime -> ``decode`` -> ``prepare``, and what ``prepare``
    gives changes the session when it is called. Nothing before changes it, and that call
    cannot fail, so a frame that raises leaves the session as it was.
    """

    def request(self, search: Image) -> tuple[str, dict[str, npt.NDArray[np.generic]]]:
        """The graph to run on a search crop, and its feeds (batch of one)."""
        ...

    def decode(self, outputs: Outputs) -> Estimate:
        """Read the outputs of the pass."""
        ...

    def wants_template(self, estimate: Estimate) -> bool:
        """Whether a template crop at the new box would be used."""
        ...

    def prepare(self, outputs: Outputs, template: Image | None, run: Run) -> Change:
        """Run what further passes it takes to take in the pass and the new template, if any.

        Returns:
            What takes them in; to be called once, before the next ``request``.
        """
        ...


class Family(FamilyExtras, Protocol):
    """All that the SDK asks of a model family, which inherits from this class.

    A family is a module-like object without state; ``families.registry`` lists them.
    Configurations are opaque to everyone but their own family. What has a usual answer is
    in `extras.FamilyExtras`.
    """

    @property
    def name(self) -> str:
        """Name of the family, as in its configurations and artifacts."""
        ...

    def recognises(self, names: Set[str]) -> bool:
        """Whether a state dict with these tensor names is one of the family's."""
        ...

    def read(
        self,
        state: Mapping[str, npt.NDArray[Any]],
        fields: Mapping[str, Any],
        variant: str | None,
        options: Mapping[str, Any],
    ) -> tuple[Weights, Any]:
        """Checked canonical weights, and the configuration.

        Args:
            state: released name to array.
            fields: configuration fields stored with the file; may be empty.
            variant: asked for by the user, or None.
            options: configuration fields that the user sets.
        """
        ...

    def released(self, weights: Weights, config: Any) -> Weights:
        """The inverse of ``read``: released name to array, to be stored."""
        ...

    def graph_specs(self, config: Any, batch: int = 1) -> dict[str, GraphSpec]:
        """The borders of the graphs that runtimes hold and sessions ask for."""
        ...

    def torch_graphs(self, weights: Weights, config: Any) -> dict[str, nn.Module]:
        """The same graphs as PyTorch modules; inputs and outputs ordered as in the specs."""
        ...

    def new_session(self, config: Any, max_entries: int, template: Image, run: Run) -> Session:
        """The memory of one target.

        Args:
            config: the model.
            max_entries: templates that a memory with a history may hold.
            template: the first frame's crop, uint8 RGB, of the configuration's size.
            run: for passes that the memory needs before the first frame.
        """
        ...
