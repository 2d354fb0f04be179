"""A training run: its loop, checkpoints, curve and pictures; and scores of networks.

The experiments enter by `curve`, `figures`, `pictures`, `signals` and `values`.
"""
