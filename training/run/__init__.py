"""A training run: the loop, its checkpoints, its curve and pictures, and how good a network is."""
