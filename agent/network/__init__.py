"""The Q-network: what it is, how it is kept, what plays it."""
