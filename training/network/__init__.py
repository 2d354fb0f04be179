"""The Q-network as it is trained: the model, its files, and the graph that plays by it."""
