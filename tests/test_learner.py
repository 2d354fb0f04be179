"""The learner: what an update does and refuses, and a toy that it must solve."""

import numpy as np
import pytest
import torch
from torch import Tensor

from agent.config import NetworkConfig, VisionConfig
from agent.learner import Learner, LearnerConfig, NotFiniteError
from agent.network import QNetwork
from agent.replay import Batch, Replay, ReplayConfig

VISION = VisionConfig(height=36, width=36, stack=1)
ACTIONS = 3


def network(seed: int = 0, torso: str = "conv") -> QNetwork:
    torch.manual_seed(seed)
    return QNetwork(VISION, NetworkConfig(torso=torso, channels=(4, 8, 8), hidden=16), ACTIONS)  # type: ignore[arg-type]


def hidden(network: QNetwork) -> Tensor:
    """The weights of one layer, for all."""
    return network.get_parameter("value.0.weight")


def batch(size: int = 8, *, reward: float = 1.0, values: bool = True) -> Batch:
    rng = np.random.default_rng(0)
    return Batch(
        slots=np.arange(size),
        obs=rng.integers(0, 256, (size, 1, 36, 36), np.uint8),
        action=rng.integers(0, ACTIONS, size),
        reward=np.full(size, reward, np.float32),
        discount=np.full(size, 0.9, np.float32),
        next_obs=rng.integers(0, 256, (size, 1, 36, 36), np.uint8),
        weight=np.ones(size, np.float32),
        values=rng.normal(size=(size, ACTIONS)).astype(np.float32)
        if values
        else np.full((size, 3), np.nan, np.float32),
    )


def test_going_on_from_other_weights_changes_all_three_networks() -> None:
    learner, other = Learner(network(1), LearnerConfig()), network(2)
    learner.restart(other.state_dict())
    for changed in (learner.online_network, learner.target_network, learner.average_network):
        for name, weight in changed.state_dict().items():
            assert torch.equal(weight, other.state_dict()[name])


def test_target_network_follows_only_every_period() -> None:
    learner = Learner(network(), LearnerConfig(target_period=3, learning_rate=1e-2))
    initial = hidden(learner.target_network).clone()
    for updates in range(1, 7):
        learner.update(batch())
        assert learner.updates == updates
        target, online = hidden(learner.target_network), hidden(learner.online_network)
        assert torch.equal(target, online) == (updates % 3 == 0)
        assert torch.equal(target, initial) == (updates < 3)


def test_priorities_are_absolute_td_errors() -> None:
    learner = Learner(network(), LearnerConfig(knowledge="none"))
    data = batch()
    with torch.no_grad():
        obs, following = torch.from_numpy(data.obs), torch.from_numpy(data.next_obs)
        chosen = learner.online_network(obs).gather(1, torch.from_numpy(data.action)[:, None])[:, 0]
        expected = (chosen - 1.0 - 0.9 * learner.target_network(following).amax(1)).abs()  # both networks are equal
    np.testing.assert_allclose(learner.update(data).priority, expected.numpy(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("td_weight", [0.0, 0.5])
def test_samples_that_the_planner_valued_learn_from_it_and_the_others_by_reward(td_weight: float) -> None:
    config = LearnerConfig(td_weight=td_weight)
    valued = Learner(network(), config).update(batch())
    by_reward = Learner(network(), config).update(batch(values=False))
    assert valued.knowledge_loss > 0
    assert valued.td_loss == pytest.approx(td_weight * by_reward.td_loss)
    assert by_reward.knowledge_loss == 0
    assert by_reward.loss == by_reward.td_loss > 0
    half = batch()
    half.values[:4] = np.nan
    mixed = Learner(network(), config).update(half)
    assert 0 < mixed.knowledge_loss < valued.knowledge_loss
    assert mixed.td_loss > valued.td_loss
    np.testing.assert_array_equal(mixed.priority, [*by_reward.priority[:4], *valued.priority[4:]])


def test_without_knowledge_all_learn_by_reward() -> None:
    one = Learner(network(), LearnerConfig(knowledge="none")).update(batch())
    two = Learner(network(), LearnerConfig()).update(batch(values=False))
    assert one.loss == two.loss
    assert one.knowledge_loss == 0


def test_priorities_are_higher_where_the_choice_matters_more() -> None:
    data = batch(2)
    data.values[:] = [[0, -1, -2], [-3, 0, -9]]
    assert Learner(network(), LearnerConfig()).update(data).priority.tolist() == [4, 81]


@pytest.mark.parametrize("knowledge", ["soft", "margin"])
def test_planner_values_are_learned(knowledge: str) -> None:
    config = LearnerConfig(knowledge=knowledge, margin=1.0, learning_rate=3e-3)  # type: ignore[arg-type]
    learner, data = Learner(network(), config), batch(16)
    for _ in range(200):
        learner.update(data)
    with torch.no_grad():
        best = learner.online_network(torch.from_numpy(data.obs)).argmax(1)
    assert (best.numpy() == data.values.argmax(1)).mean() > 0.9


def test_gradients_are_clipped() -> None:
    """One step of Adam hides the gradient's length, so the length is read after clipping."""
    learner = Learner(network(), LearnerConfig(clip_norm=0.01, loss="mse"))
    assert learner.update(batch(reward=1000.0, values=False)).gradient_norm > 1
    norms = [weight.grad.norm() for weight in learner.online_network.parameters() if weight.grad is not None]
    assert torch.stack(norms).norm().item() == pytest.approx(0.01, rel=1e-3)


@pytest.mark.parametrize("reward", [np.nan, np.inf])
def test_a_loss_that_is_not_finite_stops_before_the_weights_change(reward: float) -> None:
    learner = Learner(network(), LearnerConfig(loss="mse"))
    before = {name: weight.clone() for name, weight in learner.online_network.state_dict().items()}
    with pytest.raises(NotFiniteError, match="update 1: wanted a finite loss"):
        learner.update(batch(reward=reward, values=False))
    assert all(torch.equal(before[name], weight) for name, weight in learner.online_network.state_dict().items())
    learner.require_finite()


def test_weights_that_are_not_finite_are_named() -> None:
    learner = Learner(network(), LearnerConfig())
    with torch.no_grad():
        hidden(learner.online_network)[0, 0] = torch.nan
    with pytest.raises(NotFiniteError, match=r"value\.0\.weight"):
        learner.require_finite()


def test_state_goes_there_and_back() -> None:
    one, two = Learner(network(0), LearnerConfig(target_period=4)), Learner(network(1), LearnerConfig(target_period=4))
    for _ in range(6):
        one.update(batch())
    two.load_state(one.state())
    for _ in range(6):
        assert one.update(batch()).loss == two.update(batch()).loss


@pytest.mark.parametrize("wrong", [{"learning_rate": 0.0}, {"temperature": -1.0}, {"td_weight": -0.1}])
def test_settings_are_checked(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=f"wanted {next(iter(wrong))}"):
        LearnerConfig(**wrong)  # type: ignore[arg-type]


class Corridor:
    """A toy: a bright column is the place 0..3 on a dark screen; action 1 goes right, 0 left, 2 waits; 1 at the end."""

    places = 4

    def __init__(self) -> None:
        self.place = 0

    def plane(self) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        plane = np.zeros((36, 36), np.uint8)
        plane[:, self.place * 9 : self.place * 9 + 9] = 255
        return plane

    def step(self, action: int) -> tuple[float, bool]:
        self.place = max(self.place + (0, 1, 0)[action] - (action == 0), 0)
        is_over = self.place == self.places - 1
        return float(is_over), is_over


def test_the_toy_is_solved() -> None:
    """Double, dueling, prioritised, 1-step so that the random behaviour does not bias it: greedy walks straight to the end, and its Q-values are the true ones."""
    gamma = 0.9
    rng = np.random.default_rng(0)
    replay = Replay(ReplayConfig(capacity=1000, gamma=gamma, n_step=1), VISION, lanes=1, actions=ACTIONS, rng=rng)
    learner = Learner(network(), LearnerConfig(learning_rate=1e-3, target_period=25, knowledge="none"))
    toy, is_first, reward, is_over, action = Corridor(), True, 0.0, False, 0
    for timestep in range(600):
        replay.add(
            toy.plane()[None, None],
            is_first=np.array([is_first]),
            action=np.array([action]),
            reward=np.array([reward]),
            terminated=np.array([is_over]),
            truncated=np.array([False]),
        )
        if is_over:
            toy, is_first, is_over, reward = Corridor(), True, False, 0.0
            continue
        is_first = False
        action = int(rng.integers(ACTIONS))
        reward, is_over = toy.step(action)
        if timestep > 100:
            drawn = replay.sample(16, 0.5)
            replay.update_priorities(drawn.slots, learner.update(drawn).priority)
    toy = Corridor()
    for left in range(3, 0, -1):
        with torch.no_grad():
            q = learner.online_network(torch.from_numpy(toy.plane()[None, None]))[0]
        assert int(q.argmax()) == 1
        assert q.max().item() == pytest.approx(gamma ** (left - 1), abs=0.1)
        toy.step(1)
