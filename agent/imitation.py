"""The learning process beside the agent: fine-tunes the Q-network on the run's own best episodes.

Source: Oh et al. 2018 (self-imitation learning); the contest's best learned entries all went on learning during the run.
"""

import multiprocessing
import os
import queue
import signal
from dataclasses import dataclass
from multiprocessing.queues import Queue

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load as load_tensors

from agent.actions import ACTION_TABLE
from agent.config import ApprenticeConfig, NetworkConfig, VisionConfig
from agent.detours import without_detours
from agent.learner import Learner, LearnerConfig
from agent.network import from_tensors, to_bytes
from agent.replay import Batch

UNKNOWN = -1
"""Action of a timestep in which buttons were held that the action table does not have."""

NICENESS = 19
"""Of the process: it takes what the agent and the environment leave."""

PATIENCE_S = 1.0
"""Seconds between two looks whether the agent still lives, while there is nothing to learn."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lesson:
    """An episode up to its best return."""

    planes: NDArray[np.uint8]
    """uint8 [T, P, H, W], what was seen before each timestep."""

    actions: NDArray[np.int8]
    """int8 [T], indices into the action table, or UNKNOWN."""

    returns: NDArray[np.float32]
    """float32 [T], return before each timestep, contest units."""

    best_return: float
    """The highest, contest units."""


def timesteps_that_led_on(lesson: Lesson, config: ApprenticeConfig) -> NDArray[np.int64]:
    """Finds the timesteps of an episode that remain without its detours, int64 [N], in order.

    Args:
        lesson: The episode.
        config: When two screens show the same place.
    """
    small = lesson.planes.astype(np.int16)
    buckets = (lesson.returns // config.distance_step).astype(np.int64)

    def visited(path: list[int], timestep: int) -> int | None:
        for at, earlier in enumerate(path):
            is_near = buckets[earlier] == buckets[timestep]
            if is_near and np.abs(small[earlier] - small[timestep]).mean() < config.same_screen:
                return at
        return None

    return np.array(without_detours(len(buckets), visited), np.int64)


class Lessons:
    """The best episodes so far, as batches."""

    def __init__(self, config: ApprenticeConfig, vision: VisionConfig, rng: np.random.Generator) -> None:
        """Has none yet."""
        self._config = config
        self._vision = vision
        self._rng = rng
        self._kept: list[tuple[Lesson, NDArray[np.int64]]] = []

    def __len__(self) -> int:
        """Returns how many episodes are kept."""
        return len(self._kept)

    def add(self, lesson: Lesson) -> None:
        """Keeps an episode, at the cost of the worst one if there are too many."""
        timesteps = timesteps_that_led_on(lesson, self._config)
        timesteps = timesteps[lesson.actions[timesteps] != UNKNOWN]
        if len(timesteps):
            self._kept.append((lesson, timesteps))
            self._kept.sort(key=lambda kept: kept[0].best_return, reverse=True)
            del self._kept[self._config.lessons :]

    def batch(self) -> Batch:
        """Draws timesteps, labelled with what was done there; there must be an episode."""
        config = self._config
        size = config.batch_size
        obs = np.empty((size, *self._vision.obs_shape), np.uint8)
        action = np.empty(size, np.int64)
        lengths = np.array([len(timesteps) for _, timesteps in self._kept])
        for sample, drawn in enumerate(self._rng.integers(0, lengths.sum(), size)):
            number = int(np.searchsorted(lengths.cumsum(), drawn, side="right"))
            lesson, timesteps = self._kept[number]
            timestep = int(timesteps[drawn - lengths[:number].sum()])
            # Before the episode's first screen the stack shows that screen.
            seen = np.maximum(np.arange(timestep - self._vision.stack + 1, timestep + 1), 0)
            obs[sample] = lesson.planes[seen].reshape(self._vision.obs_shape)
            action[sample] = lesson.actions[timestep]
        values = np.full((size, len(ACTION_TABLE)), -config.gap, np.float32)
        values[np.arange(size), action] = 0
        nothing, one = np.zeros(size, np.float32), np.ones(size, np.float32)
        slots = np.zeros(size, np.int64)
        return Batch(
            slots=slots,
            obs=obs,
            action=action,
            reward=nothing,
            discount=nothing,
            next_obs=obs,
            weight=one,
            values=values,
        )


def learn(
    weights: bytes,
    vision: VisionConfig,
    network_config: NetworkConfig,
    config: ApprenticeConfig,
    inbox: "Queue[Lesson | bytes]",
    outbox: "Queue[bytes]",
) -> None:
    """Learns until the agent is gone; what the process runs.

    Args:
        weights: Of the network to start from, as safetensors.
        vision: Its vision.
        network_config: Its sizes.
        config: How to learn.
        inbox: Episodes come here, and weights of an earlier run to go on from, as safetensors.
        outbox: Weights go here, as safetensors.
    """
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, signal.SIG_IGN)  # the agent decides when it is over
    os.nice(NICENESS)
    torch.manual_seed(config.seed)
    network = from_tensors(load_tensors(weights), vision, network_config)
    learner = Learner(network, config_of_learner(config))
    lessons = Lessons(config, vision, np.random.default_rng(config.seed))
    agent = multiprocessing.parent_process()
    updates_due = 0
    while agent is None or agent.is_alive():
        lesson = _next(inbox, wait=updates_due == 0)
        if isinstance(lesson, bytes):
            learner.restart(load_tensors(lesson))
        elif lesson is not None:
            lessons.add(lesson)
            updates_due = min(updates_due + config.updates_a_lesson, 2 * config.updates_a_lesson)
        if updates_due and len(lessons):
            learner.update(lessons.batch())
            updates_due -= 1
            if learner.updates % config.updates_a_version == 0:
                outbox.put(to_bytes(learner.average_network))


def config_of_learner(config: ApprenticeConfig) -> LearnerConfig:
    """Returns how the process learns: imitation alone, the running average following within a version."""
    return LearnerConfig(
        learning_rate=config.learning_rate,
        td_weight=0.0,
        knowledge="soft",
        temperature=1.0,
        average_decay=1 - 2 / config.updates_a_version,
    )


def _next(inbox: "Queue[Lesson | bytes]", *, wait: bool) -> Lesson | bytes | None:
    try:
        return inbox.get(timeout=PATIENCE_S) if wait else inbox.get_nowait()
    except queue.Empty:
        return None
