"""Learning by reward: lanes play, a rollout keeps it, advantages say what was better than expected, PPO follows them."""
