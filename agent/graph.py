"""The Q-network as an ONNX graph, made in memory from its modules: what ONNX Runtime plays by."""

from typing import Any

import numpy as np
from onnx import NodeProto, TensorProto, helper, numpy_helper
from torch import Tensor, nn

from agent.network import QNetwork, ResidualBlock

OBS, Q_VALUES = "obs", "q_values"
"""Names of the graph's input, uint8 [1, C, H, W], and output, float32 [1, A]."""

OPSET = 18
"""Version of ONNX's operators: the first whose ReduceMean takes its axes as an input. Source: ONNX, Changelog."""


def q_graph(network: QNetwork, obs_shape: tuple[int, int, int]) -> bytes:
    """Writes the network down as ONNX Runtime reads it, weights and all.

    Args:
        network: What to write down; later changes to it do not reach the graph.
        obs_shape: [C, H, W] of one observation.

    Returns:
        A serialised ONNX model.

    Raises:
        TypeError: If the network holds a module that the graph has no operator for.
    """
    graph = _Graph()
    pixels = graph.add("Cast", OBS, to=TensorProto.FLOAT)
    centred = graph.add("Sub", pixels, graph.constant(network.obs_mean))
    features = graph.add_module(network.torso, graph.add("Div", centred, graph.constant(network.obs_std)))
    value = graph.add_module(network.value, features)
    advantage = graph.add_module(network.advantage, features)
    mean = graph.add("ReduceMean", advantage, graph.constant(np.array([1])))
    graph.add("Sub", graph.add("Add", value, advantage), mean, output=Q_VALUES)
    return graph.serialise(obs_shape)


class _Graph:
    """Operators in the order they run in; each takes its inputs, and gives its output, by name."""

    def __init__(self) -> None:
        """Starts empty."""
        self._nodes: list[NodeProto] = []
        self._constants: list[TensorProto] = []

    def constant(self, value: Tensor | np.ndarray[Any, Any]) -> str:
        """Adds a constant; returns its name."""
        array = value.detach().numpy() if isinstance(value, Tensor) else value
        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def add(self, operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Adds an operator; returns its output's name."""
        output = output or f"{operator}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    def add_module(self, module: nn.Module, features: str) -> str:
        """Adds what a module computes from `features`; returns its output's name."""
        match module:
            case nn.Sequential():
                for child in module:
                    features = self.add_module(child, features)
                return features
            case ResidualBlock():
                first = self.add_module(module.first, self.add("Relu", features))
                return self.add("Add", features, self.add_module(module.second, self.add("Relu", first)))
            case nn.Conv2d(stride=strides, padding=(rows, columns)):
                pads = [rows, columns] * 2
                return self.add("Conv", features, *self._parameters(module), strides=strides, pads=pads)
            case nn.MaxPool2d(kernel_size=int(size), stride=int(stride), padding=int(pad)):
                square: dict[str, Any] = {"kernel_shape": [size] * 2, "strides": [stride] * 2, "pads": [pad] * 4}
                return self.add("MaxPool", features, **square)
            case nn.Linear():
                return self.add("Gemm", features, *self._parameters(module), transB=1)
            case nn.ReLU():
                return self.add("Relu", features)
            case nn.Flatten():
                return self.add("Flatten", features)
        raise TypeError(f"wanted modules that the graph has an operator for, got {module}")

    def _parameters(self, module: nn.Conv2d | nn.Linear) -> tuple[str, str]:
        assert module.bias is not None
        return self.constant(module.weight), self.constant(module.bias)

    def serialise(self, obs_shape: tuple[int, int, int]) -> bytes:
        """Returns the whole as an ONNX model, in the oldest format that has its operators: every runtime reads that."""
        obs = helper.make_tensor_value_info(OBS, TensorProto.UINT8, [1, *obs_shape])
        q_values = helper.make_tensor_value_info(Q_VALUES, TensorProto.FLOAT, None)
        graph = helper.make_graph(self._nodes, "q_network", [obs], [q_values], self._constants)
        opsets = [helper.make_opsetid("", OPSET)]
        version = helper.find_min_ir_version_for(opsets)
        data: bytes = helper.make_model(graph, opset_imports=opsets, ir_version=version).SerializeToString()
        return data
