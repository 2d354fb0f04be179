"""Runs of agents on levels, and what they say."""
