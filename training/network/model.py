"""The Q-network in torch, as it learns."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from agent.ranges import require
from agent.vision import VisionConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkConfig:
    """Sizes of the Q-network; stored in the weights' card."""

    torso: Literal["conv", "impala"] = "impala"
    """conv: three convolutions (8x8 stride 4, 4x4 stride 2, 3x3). Source: Mnih et al. 2015. impala: a stage for each of
    the channels, of a convolution, max pooling and a residual block, the first convolution with stride 2. Source:
    Espeholt et al. 2018, with one residual block for two and the stride for speed."""

    channels: tuple[int, ...] = (16, 32, 32)
    """Channels of the convolutions or stages."""

    pooled: int = 2
    """Stages of impala that begin with max pooling, the first ones: with a third, the network learned less than half as
    fast where the platforms of an abyss are (measured)."""

    hidden: int = 256
    """Units of each head's hidden layer."""

    temperature: float = 0.25
    """Of the policy, scaled reward units: softmax(Q / temperature)."""

    def __post_init__(self) -> None:
        """Checks the ranges."""
        require(self.torso in ("conv", "impala"), "network.torso conv or impala", self.torso)
        require(
            1 <= len(self.channels) <= 4 and min(self.channels) > 0, "1 to 4 network.channels above 0", self.channels
        )
        require(self.torso != "conv" or len(self.channels) == 3, "three network.channels for conv", self.channels)
        require(self.hidden > 0, "network.hidden above 0", self.hidden)
        require(self.pooled >= 0, "network.pooled of at least 0", self.pooled)
        require(self.temperature > 0, "network.temperature above 0", self.temperature)


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions around a shortcut. Source: Espeholt et al. 2018, figure 3."""

    def __init__(self, channels: int) -> None:
        """Builds the block."""
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, features: Tensor) -> Tensor:
        """Computes float32 [B, C, H, W] from the same shape."""
        residual: Tensor = self.second(torch.relu(self.first(torch.relu(features))))
        return features + residual


def _conv_torso(planes: int, channels: tuple[int, ...]) -> nn.Sequential:
    first, second, third = channels
    return nn.Sequential(
        nn.Conv2d(planes, first, 8, stride=4),
        nn.ReLU(),
        nn.Conv2d(first, second, 4, stride=2),
        nn.ReLU(),
        nn.Conv2d(second, third, 3, stride=1),
        nn.ReLU(),
        nn.Flatten(),
    )


def _impala_torso(planes: int, channels: tuple[int, ...], pooled: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    before = planes
    for stage, after in enumerate(channels):
        # The strided first convolution makes it four times as fast as the published torso (measured).
        size, stride = (5, 2) if stage == 0 else (3, 1)
        layers.append(nn.Conv2d(before, after, size, stride=stride, padding=size // 2))
        if stage < pooled:
            layers.append(nn.MaxPool2d(3, stride=2, padding=1))
        layers.append(ResidualBlock(after))
        before = after
    return nn.Sequential(*layers, nn.ReLU(), nn.Flatten())


class QNetwork(nn.Module):
    """Convolutions, then a dueling head whose advantages are t * log pi, of the policy pi = softmax(Q / t).

    So the value is the soft maximum of the Q-values, t * log sum exp(Q / t), and a policy and its value function are a
    Q-function. Source: Mnih et al. 2015; Wang et al. 2016 (dueling); Schulman et al. 2017, "Equivalence between policy
    gradients and soft Q-learning", section 3.
    """

    obs_mean: Tensor
    obs_std: Tensor

    def __init__(self, vision: VisionConfig, config: NetworkConfig, actions: int, *, initialise: bool = True) -> None:
        """Builds the network with orthogonal initialisation (gain sqrt 2; 0.01 for the outputs: all begins near 0).

        Args:
            vision: Gives the observation's shape.
            config: The sizes.
            actions: How many Q-values there are.
            initialise: False where the weights are replaced anyway: the initialisation takes a second (measured).
        """
        super().__init__()
        self.temperature = config.temperature
        planes = vision.obs_shape[0]
        self.torso = (
            _conv_torso(planes, config.channels)
            if config.torso == "conv"
            else _impala_torso(planes, config.channels, config.pooled)
        )
        with torch.no_grad():
            features = self.torso(torch.zeros(1, *vision.obs_shape)).shape[1]
        self.value = nn.Sequential(nn.Linear(features, config.hidden), nn.ReLU(), nn.Linear(config.hidden, 1))
        self.advantage = nn.Sequential(nn.Linear(features, config.hidden), nn.ReLU(), nn.Linear(config.hidden, actions))
        for module in self.modules():
            if initialise and isinstance(module, nn.Conv2d | nn.Linear):
                is_output = module in (self.value[-1], self.advantage[-1])
                nn.init.orthogonal_(module.weight, gain=0.01 if is_output else 2**0.5)
                nn.init.zeros_(module.bias)  # type: ignore[arg-type]
        # Not centred and scaled, the network answered the same action for 11,000 updates (measured).
        self.register_buffer("obs_mean", torch.tensor(128.0))
        self.register_buffer("obs_std", torch.tensor(64.0))
        # Channels innermost: half the time of a training step (measured, AVX-512).
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def value_and_policy(self, obs: Tensor) -> tuple[Tensor, Tensor]:
        """Computes what a learner by reward needs.

        Args:
            obs: uint8 [B, C, H, W].

        Returns:
            The value, float32 [B], scaled reward units, and log pi, float32 [B, A].
        """
        device = obs.device.type
        dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else torch.float32
        scaled = obs.to(dtype).sub_(self.obs_mean).div_(self.obs_std)
        features = self.torso(scaled.contiguous(memory_format=torch.channels_last))  # [B, F]
        value, advantage = self.value[:-1](features).float(), self.advantage[:-1](features).float()  # [B, hidden]
        with torch.autocast(device, enabled=False):  # 8 bits are too few for a value of 30 and for a ratio near 1
            return self.value[-1](value)[:, 0], torch.log_softmax(self.advantage[-1](advantage) / self.temperature, 1)

    def forward(self, obs: Tensor) -> Tensor:
        """Computes Q-values.

        Args:
            obs: uint8 [B, C, H, W].

        Returns:
            float32 [B, A], scaled reward units.
        """
        value, log_policy = self.value_and_policy(obs)
        return value[:, None] + self.temperature * log_policy
