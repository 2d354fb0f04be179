import os
import signal
import time

import numpy as np
import pytest
import torch
from toys import moment

from agent.actions import ACTION_TABLE, buttons
from agent.apprentice import Apprentice
from agent.config import ApprenticeConfig, NetworkConfig, VisionConfig
from agent.imitation import UNKNOWN, Lesson, Lessons, timesteps_that_led_on
from agent.knowledge import KnowledgeError
from agent.network import QNetwork, to_bytes
from agent.policy import Policy

VISION = VisionConfig(height=36, width=36)
NETWORK = NetworkConfig(torso="conv", channels=(4, 4, 4), hidden=16)
CONFIG = ApprenticeConfig(share=1.0, updates_a_lesson=60, updates_a_version=30, learning_rate=3e-3)
JUMP = ACTION_TABLE.index(("RIGHT", "B"))


def lesson(values: list[int], returns: list[float], actions: list[int] | None = None) -> Lesson:
    """Screens of one gray level each."""
    planes = np.broadcast_to(
        np.array(values, np.uint8)[:, None, None, None], (len(values), 1, VISION.height, VISION.width)
    )
    return Lesson(
        planes=planes.copy(),
        actions=np.array(actions or [JUMP] * len(values), np.int8),
        returns=np.array(returns, np.float32),
        best_return=max(returns),
    )


@pytest.mark.parametrize(
    ("values", "returns", "wanted"),
    [
        ([0, 10, 20, 30], [0.0, 20.0, 40.0, 60.0], [0, 1, 2, 3]),
        ([0, 10, 20, 10, 30], [0.0, 20.0, 40.0, 20.0, 60.0], [0, 3, 4]),  # there and back again
        ([0, 10, 20, 90, 30], [0.0, 20.0, 40.0, 20.0, 60.0], [0, 1, 2, 3, 4]),  # as far along, but elsewhere: higher
        ([5, 5, 5, 5], [0.0, 0.0, 0.0, 0.0], [3]),  # stood still
    ],
)
def test_detours_are_dropped(values: list[int], returns: list[float], wanted: list[int]) -> None:
    assert timesteps_that_led_on(lesson(values, returns), CONFIG).tolist() == wanted


def test_batches_show_what_was_seen_and_what_was_done() -> None:
    lessons = Lessons(CONFIG, VISION, np.random.default_rng(0))
    lessons.add(lesson([10, 50, 90, 130], [0.0, 20.0, 40.0, 60.0], [1, 2, UNKNOWN, 3]))
    batch = lessons.batch()
    seen = {(tuple(obs[:, 0, 0].tolist()), int(action)) for obs, action in zip(batch.obs, batch.action, strict=True)}
    assert seen == {((10, 10, 10, 10), 1), ((10, 10, 10, 50), 2), ((10, 50, 90, 130), 3)}
    assert (batch.values.argmax(1) == batch.action).all()


def test_the_best_lessons_are_kept() -> None:
    lessons = Lessons(ApprenticeConfig(lessons=2), VISION, np.random.default_rng(0))
    for best in (50.0, 10.0, 90.0, 30.0):
        lessons.add(lesson([0, 10], [0.0, best], [1, int(best) // 10 % 9]))
    assert len(lessons) == 2
    assert set(lessons.batch().action.tolist()) == {1, 5, 0}


def wait_for_a_version(apprentice: Apprentice, seconds: float = 400.0) -> object:
    deadline = time.monotonic() + seconds
    while (policy := apprentice.newest()) is None:
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.1)
    return policy


def show(apprentice: Apprentice, episode_return: float = 100.0) -> None:
    apprentice.begin_episode()
    for timestep in range(30):
        apprentice.watch(moment(episode_return * timestep / 30, timestep), buttons("RIGHT", "B"))
    apprentice.end_episode()


@pytest.mark.slow
def test_it_learns_what_was_done_and_the_run_goes_on_without_it() -> None:
    said: list[str] = []
    torch.manual_seed(1)
    apprentice = Apprentice(
        QNetwork(VisionConfig(), NETWORK, len(ACTION_TABLE)), VisionConfig(), NETWORK, CONFIG, said.append
    )
    apprentice.start()
    try:
        assert apprentice.newest() is None
        show(apprentice)
        policy = wait_for_a_version(apprentice)
        obs = moment().stack.observation()
        assert int(policy.q_values(obs).argmax()) == JUMP  # type: ignore[attr-defined]

        assert apprentice.pid is not None
        os.kill(apprentice.pid, signal.SIGTERM)  # ignored: the agent decides when it is over
        time.sleep(0.2)
        apprentice.newest()
        assert said == []
        os.kill(apprentice.pid, signal.SIGKILL)
        deadline = time.monotonic() + 120
        while not said and time.monotonic() < deadline:
            apprentice.newest()
            time.sleep(0.1)
        assert said == ["the learning process is gone; the run goes on with what the network knew"]
        for _ in range(5):  # nobody takes them any more: nothing waits for it
            show(apprentice)
    finally:
        apprentice.close()


def test_what_it_learned_carries_over_to_the_next_run() -> None:
    said: list[str] = []
    obs = moment().stack.observation()

    def make() -> Apprentice:
        torch.manual_seed(1)
        network = QNetwork(VisionConfig(), NETWORK, len(ACTION_TABLE))
        return Apprentice(network, VisionConfig(), NETWORK, CONFIG, said.append)

    first, second = make(), make()
    try:
        assert len(first.arrays()["weights"]) == 0
        second.accept({})()  # of a run that did not learn
        second.accept(first.arrays())()  # of one that was over too soon
        assert second.newest() is None
        torch.manual_seed(2)
        learned = QNetwork(VisionConfig(), NETWORK, len(ACTION_TABLE))
        second.accept({"weights": np.frombuffer(to_bytes(learned), np.uint8)})()
        policy = second.newest()
        assert policy is not None
        assert policy.q_values(obs) == pytest.approx(Policy(learned, VisionConfig()).q_values(obs))
        assert second.newest() is None
        assert second.arrays()["weights"].tobytes() == to_bytes(learned)
        other = to_bytes(QNetwork(VisionConfig(), NetworkConfig(torso="conv", hidden=32), len(ACTION_TABLE)))
        for data in (b"nonsense", other):
            with pytest.raises(KnowledgeError, match="shape"):
                second.accept({"weights": np.frombuffer(data, np.uint8)})
        assert second.arrays()["weights"].tobytes() == to_bytes(learned)
    finally:
        first.close()
        second.close()


def test_worse_episodes_are_not_shown() -> None:
    network = QNetwork(VisionConfig(), NETWORK, len(ACTION_TABLE))
    config = ApprenticeConfig(share=0.25, waiting=20)
    apprentice = Apprentice(network, VisionConfig(), NETWORK, config, print)
    try:
        assert [show_and_count(apprentice, paid) for paid in (100.0, 50.0, 10.0, 200.0, 0.0)] == [1, 1, 1, 2, 2]
    finally:
        apprentice.close()


def show_and_count(apprentice: Apprentice, episode_return: float) -> int:
    show(apprentice, episode_return)
    time.sleep(0.05)
    return apprentice.shown
