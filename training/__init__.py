"""Pretraining; never in the image's run path."""
