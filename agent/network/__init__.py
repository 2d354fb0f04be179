"""The Q-network as it plays: its card, and its graph in ONNX Runtime."""
