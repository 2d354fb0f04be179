"""The Q-network as it acts: one observation at a time, in ONNX Runtime, without torch."""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # else ONNX Runtime calls home; it reads this while it is imported

from pathlib import Path
from typing import Self

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from agent.network.card import Card, WeightsError, graph_path, one_line, read_checked
from agent.network.heads import HEAD_NAMES, Floats, Heads
from agent.vision import Observation, VisionConfig

OBS, Q_VALUES, FEATURES = "obs", "q_values", "features"
"""Names of the graph's input, uint8 [1, C, H, W], and outputs, float32 [1, A] and [1, F]. The heads' parameters are outputs,
too."""

_FATAL = 4  # the level of ONNX Runtime's log that says nothing of what raises an exception anyway


class Policy:
    """A network that answers one observation at a time, on one core, without surprises.

    ONNX Runtime answers in a quarter of the time that torch takes for a batch of one (measured).
    """

    def __init__(self, graph: bytes, vision: VisionConfig, temperature: float) -> None:
        """Takes the graph in, in a few hundredths of a second.

        Args:
            graph: A serialised ONNX model, as `training.network.graph.q_graph` writes it.
            vision: What it looks at.
            temperature: Of its policy, scaled reward units.

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
        self._temperature = temperature
        try:
            self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
            has = {output.name for output in self._session.get_outputs()}
            if missing := [name for name in (Q_VALUES, FEATURES, *HEAD_NAMES) if name not in has]:
                raise WeightsError(
                    f"it has no output {missing[0]}; `python -m training average FILE FILE --out NEW` writes it anew"
                )
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
            return cls(graph, card.vision, card.network.temperature)
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

    def features(self, obs: Observation) -> Floats:
        """Computes what the heads see of an observation, uint8 [C, H, W]: float32 [F]."""
        features: Floats = self._session.run([FEATURES], {OBS: obs[None]})[0][0]
        return features

    def heads(self) -> Heads:
        """Returns a copy of the heads, as they were trained."""
        nothing = np.zeros((1, *self.vision.obs_shape), np.uint8)
        return Heads(self._session.run(list(HEAD_NAMES), {OBS: nothing}), self._temperature)
