"""The Q-network goes on learning in the run, from what it plays there."""
