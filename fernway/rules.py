"""The contest's rules as Fernway keeps them: it depends on none of the other packages."""

FRAME_SKIP = 4
"""Frames of a timestep. Source: retro-contest, StochasticFrameSkip(n=4)."""

STICK_PROBABILITY = 0.25
"""Probability that a timestep's first frame still plays the previous action. Source: as above, stickprob=0.25."""

EPISODE_TIMESTEPS = 4500
"""Timesteps after which an episode is truncated. Source: retro-contest, TimeLimit(4500)."""

FRAME_LIMIT = EPISODE_TIMESTEPS * FRAME_SKIP
"""Frames of an episode."""

PROGRESS_REWARD = 9000.0
"""Reward for the whole way. Source: Retro Contest rules."""

TIME_BONUS = 1000.0
"""Reward for reaching the end at once; it falls to nothing at FRAME_LIMIT. Source: as above."""
