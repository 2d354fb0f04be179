"""The Q-network as an ONNX graph, made from its modules: what ONNX Runtime plays by."""

from typing import Any

import torch
from onnx import NodeProto, TensorProto, helper, numpy_helper
from torch import Tensor, nn

from agent.network.policy import OBS, Q_VALUES
from training.network.model import QNetwork, ResidualBlock

OPSET = 18
"""Version of ONNX's operators; all of them have been as they are here for longer. Source: ONNX, Operators.md."""


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
    logits = graph.add(
        "Div", graph.add_module(network.advantage, features), graph.constant(torch.tensor(network.temperature))
    )
    log_policy = graph.add("LogSoftmax", logits, axis=1)
    scaled = graph.add("Mul", log_policy, graph.constant(torch.tensor(network.temperature)))
    graph.add("Add", scaled, value, output=Q_VALUES)
    return graph.serialise(obs_shape)


class _Graph:
    """Operators in the order they run in; each takes its inputs, and gives its output, by name."""

    def __init__(self) -> None:
        """Starts empty."""
        self._nodes: list[NodeProto] = []
        self._constants: list[TensorProto] = []

    def constant(self, value: Tensor) -> str:
        """Adds a constant; returns its name."""
        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(value.detach().contiguous().numpy(), name))
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
                assert module.bias is not None
                parameters = self.constant(module.weight), self.constant(module.bias)
                return self.add("Conv", features, *parameters, strides=strides, pads=pads)
            case nn.MaxPool2d(kernel_size=int(size), stride=int(stride), padding=int(pad)):
                square: dict[str, Any] = {"kernel_shape": [size] * 2, "strides": [stride] * 2, "pads": [pad] * 4}
                return self.add("MaxPool", features, **square)
            case nn.Linear():
                assert module.bias is not None
                return self.add("Gemm", features, self.constant(module.weight), self.constant(module.bias), transB=1)
            case nn.ReLU():
                return self.add("Relu", features)
            case nn.Flatten():
                return self.add("Flatten", features)
        raise TypeError(f"wanted modules that the graph has an operator for, got {module}")

    def serialise(self, obs_shape: tuple[int, int, int]) -> bytes:
        """Returns the whole as an ONNX model, in the oldest format that has its operators: every runtime reads that."""
        obs = helper.make_tensor_value_info(OBS, TensorProto.UINT8, [1, *obs_shape])
        q_values = helper.make_tensor_value_info(Q_VALUES, TensorProto.FLOAT, None)
        graph = helper.make_graph(self._nodes, "q_network", [obs], [q_values], self._constants)
        opsets = [helper.make_opsetid("", OPSET)]
        version = helper.find_min_ir_version_for(opsets)
        data: bytes = helper.make_model(graph, opset_imports=opsets, ir_version=version).SerializeToString()
        return data
