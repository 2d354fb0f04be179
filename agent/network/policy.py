"""The Q-network as it acts: one observation at a time, in ONNX Runtime, without torch."""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # else ONNX Runtime calls home; it reads this while it is imported

from pathlib import Path
from typing import Self

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from agent.network.card import Card, WeightsError, graph_path, one_line, read_checked
from agent.vision import Observation, VisionConfig

OBS, Q_VALUES = "obs", "q_values"
"""Names of the graph's input, uint8 [1, C, H, W], and output, float32 [1, A]."""

_FATAL = 4  # the level of ONNX Runtime's log that says nothing of what raises an exception anyway


class Policy:
    """A network that answers one observation at a time, on one core, without surprises.

    ONNX Runtime answers in a quarter of the time that torch takes for a batch of one (measured).
    """

    def __init__(self, graph: bytes, vision: VisionConfig) -> None:
        """Takes the graph in, in a few hundredths of a second.

        Args:
            graph: A serialised ONNX model, as `training.network.graph.q_graph` writes it.
            vision: What it looks at.

        Raises:
            WeightsError: If ONNX Runtime cannot play by the graph.
        """
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = _FATAL
        self.vision = vision
        """What the network looks at."""
        try:
            self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
            self.q_values(np.zeros(vision.obs_shape, np.uint8))  # the first answer lays out the memory for the others
        except Exception as error:  # ONNX Runtime raises classes of its own, which it does not export
            raise WeightsError(f"the graph cannot be played by: {one_line(error)}") from error

    @classmethod
    def load(cls, weights: Path) -> Self:
        """Loads the graph that lies beside some weights.

        Args:
            weights: The `.safetensors` file; it is not read itself.

        Raises:
            WeightsError: If the card or the graph is missing, or cannot be used.
        """
        card = Card.read(weights)
        path = graph_path(weights)
        graph = read_checked(path, "graph", card.graph_sha256)
        try:
            return cls(graph, card.vision)
        except WeightsError as error:
            raise WeightsError(f"{path}: {error}") from error

    def q_values(self, obs: Observation) -> NDArray[np.float32]:
        """Computes the Q-values of one observation.

        Args:
            obs: uint8 [C, H, W].

        Returns:
            float32 [A], scaled reward units.
        """
        q: NDArray[np.float32] = self._session.run([Q_VALUES], {OBS: obs[None]})[0][0]
        return q
