"""Pretraining of the Q-network, and the origin's experiments; the submission image has none of it."""
