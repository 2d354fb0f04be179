"""Proximal policy optimisation of a Q-network: its value and its policy learn by reward from what they just played."""

import ctypes
import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
import torch.distributed as dist
from torch import Tensor, nn

from training.learning.rollout import Rollout, generalised_advantages
from training.network.insider import Network


class NotFiniteError(ArithmeticError):
    """A loss or a gradient is not finite; going on would only hide it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PPOConfig:
    """How the network learns. Source: Schulman et al. 2017; values near Cobbe et al. 2020 (Procgen), appendix D."""

    learning_rate: float | None = None
    """Step size of Adam at the start; None: 5e-4, and 2e-4 for a network that knows something already."""

    learning_rate_end: float | None = None
    """Step size at the end of the run; it falls along half a cosine; None: a tenth of that at the start."""

    adam_epsilon: float = 1e-5
    """Of Adam."""

    gamma: float = 0.995
    """Discount a timestep: looks some 200 timesteps, 13 seconds, ahead."""

    trace: float = 0.95
    """Lambda of the advantages."""

    reward_scale: float = 0.01
    """Scaled reward units for one contest unit."""

    epochs: int = 2
    """How often each timestep is learned from."""

    batch_size: int = 1024
    """Timesteps of one update, in each process."""

    clip: float = 0.2
    """Share by which a probability may move in one rollout before it gains nothing more."""

    entropy_weight: float = 0.01
    """Weight of the policy's entropy, nats."""

    value_weight: float = 0.5
    """Weight of the value's squared error, in variances of the returns."""

    clip_norm: float = 0.5
    """Gradients longer than this are shortened to it."""

    warm_up_timesteps: int | None = None
    """For so many timesteps of the run only the value learns: a policy from elsewhere is not to be spoiled by a value
    that knows nothing of this game. None: a tenth of the run and 50,000 at most where a network goes on with other games,
    else 0."""

    def __post_init__(self) -> None:
        """Checks the ranges."""
        for name in ("learning_rate", "learning_rate_end", "adam_epsilon", "reward_scale", "clip", "clip_norm"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f"wanted {_flag(name)} above 0, got {value}")
        for name in ("epochs", "batch_size"):
            if getattr(self, name) < 1:
                raise ValueError(f"wanted {_flag(name)} of at least 1, got {getattr(self, name)}")
        for name in ("gamma", "trace"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"wanted {_flag(name)} within 0..1, got {getattr(self, name)}")
        for name in ("entropy_weight", "value_weight", "warm_up_timesteps"):
            value = getattr(self, name)
            if value is not None and value < 0:
                raise ValueError(f"wanted {_flag(name)} of at least 0, got {value}")


def _flag(name: str) -> str:
    """A setting as it is typed."""
    return f"--ppo.{name.replace('_', '-')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """What an update of one rollout found, means over its batches."""

    policy_loss: float
    value_loss: float
    """Mean squared error in variances of the returns."""
    entropy: float
    """Of the policy, nats."""
    kl: float
    """How far the policy moved from the one that played, nats. Source: http://joschu.net/blog/kl-approx.html, k3."""
    clipped: float
    """Share of timesteps whose probability moved beyond the clip."""
    gradient_norm: float
    """Before it was shortened."""
    taught: float
    """Divergence of the policy from the teacher's, nats; NaN without a teacher."""
    explained_variance: float
    """Of the returns by the values that were there before the update; 1: all of it."""


def device_of_choice() -> torch.device:
    """Returns the GPU of this process, or the CPU."""
    return torch.device("cuda", torch.cuda.current_device()) if torch.cuda.is_available() else torch.device("cpu")


def has_fast_bfloat16(device: torch.device) -> bool:
    """Says whether the device multiplies bfloat16 in hardware: GPUs, and CPUs with AMX or AVX-512's bfloat16."""
    cpu = torch.cpu
    return device.type == "cuda" or bool(cpu._is_amx_tile_supported() or cpu._is_avx512_bf16_supported())


def keep_memory() -> None:
    """Lets the C library keep freed memory, where it can: fresh pages cost a learner a third of its time (measured)."""
    mmap_max, trim_threshold = -4, -1  # glibc's malloc.h
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(mmap_max, 0)  # a threshold would leave out what takes over 32 MB: the largest layers of a batch
        library.mallopt(trim_threshold, 1 << 30)


class Learner:
    """A Q-network, its optimiser, and the update."""

    def __init__(self, network: Network, config: PPOConfig, device: torch.device, generator: torch.Generator) -> None:
        """Moves the network to the device.

        Args:
            network: What learns.
            config: How.
            device: Where.
            generator: Draws actions and shuffles batches; on the device.
        """
        keep_memory()
        self.network = network.to(device)
        self.config = config
        self.device = device
        self._generator = generator
        self._bfloat16 = has_fast_bfloat16(device)
        # Each update sets its own step size.
        self._optimiser = torch.optim.Adam(network.parameters(), eps=config.adam_epsilon, fused=True)
        self._return_variance = 0.0
        if is_parallel():
            for parameter in network.state_dict().values():
                dist.broadcast(parameter, 0)

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self._bfloat16)

    @torch.no_grad()
    def act(self, obs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Draws actions from the policy.

        Args:
            obs: What the network looks at, [N, ...], on the device.

        Returns:
            Actions int64 [N], their log probabilities float32 [N] and the observations' values float32 [N].
        """
        with self._autocast():
            value, log_policy = self.network.value_and_policy(obs)
        # The largest of log pi plus Gumbel noise is a draw from pi.
        uniform = torch.rand(log_policy.shape, generator=self._generator, device=self.device).clamp_(1e-20, 1 - 1e-7)
        action = (log_policy - (-uniform.log()).log()).argmax(1)
        return action, log_policy.gather(1, action[:, None])[:, 0], value

    @torch.no_grad()
    def value(self, obs: Tensor) -> Tensor:
        """Computes the values float32 [N] of observations [N, ...]."""
        with self._autocast():
            return self.network.value_and_policy(obs)[0]

    @torch.no_grad()
    def q_values(self, obs: Tensor) -> Tensor:
        """Computes the Q-values float32 [N, A] of observations [N, ...]."""
        with self._autocast():
            q: Tensor = self.network(obs)
        return q

    def update(self, rollout: Rollout, *, learning_rate: float, only_value: bool = False) -> Update:
        """Learns from a rollout.

        Args:
            rollout: What was played by the policy as it is now.
            learning_rate: Step size.
            only_value: Leaves the policy as it is.

        Raises:
            NotFiniteError: If a gradient is not finite; the weights are what they were before that batch.
        """
        config = self.config
        for group in self._optimiser.param_groups:
            group["lr"] = learning_rate
        advantage = generalised_advantages(
            rollout.reward, rollout.value, rollout.last_value, rollout.discount, config.trace
        )
        target = (advantage + rollout.value).flatten()  # [T * N]
        explained = 1 - (advantage.var() / target.var().clamp_min(1e-8)).item()
        variance = mean_over_processes(target.var()).item()
        self._return_variance = 0.9 * self._return_variance + 0.1 * variance if self._return_variance else variance
        flat = advantage.flatten()
        mean, spread = mean_over_processes(flat.mean()), mean_over_processes(flat.var()).sqrt()
        batches = _Batches(
            rollout.obs.flatten(0, 1),
            rollout.action.flatten(),
            rollout.log_probability.flatten(),
            (flat - mean) / (spread + 1e-8),
            target,
            None if rollout.taught is None else rollout.taught.flatten(0, 1),
        )
        found: list[Tensor] = []
        for _ in range(config.epochs):
            order = torch.randperm(len(target), generator=self._generator, device=self.device)
            whole = [
                chosen
                for chosen in torch.split(order, config.batch_size)
                if len(chosen) == min(config.batch_size, len(target))
            ]
            found.extend(self._step(batches, chosen, only_value=only_value) for chosen in whole)
        policy_loss, value_loss, entropy, kl, clipped, norm, taught = torch.stack(found).mean(0).tolist()
        return Update(
            policy_loss=policy_loss,
            value_loss=value_loss,
            entropy=entropy,
            kl=kl,
            clipped=clipped,
            gradient_norm=norm,
            taught=taught,
            explained_variance=explained,
        )

    def _step(self, batches: "_Batches", chosen: Tensor, *, only_value: bool) -> Tensor:
        config = self.config
        obs, action, log_before, advantage, target = (part[chosen] for part in batches[:-1])
        with self._autocast():
            value, log_policy = self.network.value_and_policy(obs)  # [B], [B, A]
        log_ratio = log_policy.gather(1, action[:, None])[:, 0] - log_before  # [B]
        ratio = log_ratio.exp()
        clipped = ratio.clamp(1 - config.clip, 1 + config.clip)
        policy_loss = -torch.minimum(ratio * advantage, clipped * advantage).mean()
        value_loss = (value - target).square().mean() / max(self._return_variance, 1e-8)
        entropy = -(log_policy.exp() * log_policy).sum(1).mean()
        taught = entropy.new_tensor(math.nan)
        loss = config.value_weight * value_loss
        if batches.taught is not None:
            teacher = batches.taught[chosen]  # log pi, [B, A]
            taught = (teacher.exp() * (teacher - log_policy)).sum(1).mean()
            loss = loss + taught  # in the place of advantages and entropy
        elif not only_value:
            loss = loss + policy_loss - config.entropy_weight * entropy
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        if only_value:  # the torso is the policy's, too
            for name, parameter in self.network.named_parameters():
                if not name.startswith("value."):
                    parameter.grad = None
        average_gradients(self.network)
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), config.clip_norm)
        if not torch.isfinite(norm):
            raise NotFiniteError(
                f"a gradient is not finite (loss {loss.item()}): a smaller --ppo.learning-rate may help"
            )
        self._optimiser.step()
        with torch.no_grad():
            kl = (ratio - 1 - log_ratio).mean()
            moved = ((ratio - 1).abs() > config.clip).float().mean()
            return torch.stack([policy_loss, value_loss, entropy, kl, moved, norm, taught]).detach()

    def state_dict(self) -> dict[str, Any]:
        """Returns all that the learner goes on from: a nest of dictionaries with tensors and numbers."""
        slots = self._optimiser.state_dict()["state"]
        return {
            "network": self.network.state_dict(),
            "optimiser": {str(number): dict(slot) for number, slot in slots.items()},
            "return_variance": self._return_variance,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on from what `state_dict` returned.

        Raises:
            ValueError: If it is of a network of other sizes.
        """
        try:
            self.network.load_state_dict(state["network"])
            whole = self._optimiser.state_dict()
            whole["state"] = {int(number): dict(slot) for number, slot in state["optimiser"].items()}
            self._optimiser.load_state_dict(whole)
            self._return_variance = float(state["return_variance"])
        except (RuntimeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"the state is of another network: {str(error).splitlines()[0]}") from error


class _Batches(NamedTuple):
    """A rollout's timesteps in one row, [T * N] each."""

    obs: Tensor
    action: Tensor
    log_before: Tensor
    advantage: Tensor
    target: Tensor
    taught: Tensor | None
    """float32 [T * N, A]."""


def is_parallel() -> bool:
    """Says whether several processes learn together (torchrun)."""
    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1


def average_gradients(network: nn.Module) -> None:
    """Gives every process the mean of all processes' gradients, in one message."""
    if not is_parallel():
        return
    gradients = [parameter.grad for parameter in network.parameters() if parameter.grad is not None]
    message = torch.cat([gradient.flatten() for gradient in gradients])
    dist.all_reduce(message)
    message /= dist.get_world_size()
    for gradient, mean in zip(
        gradients, torch.split(message, [gradient.numel() for gradient in gradients]), strict=True
    ):
        gradient.copy_(mean.view_as(gradient))


def mean_over_processes(number: Tensor) -> Tensor:
    """Returns the mean of all processes' numbers, float32 []."""
    if is_parallel():
        dist.all_reduce(number)
        number /= dist.get_world_size()
    return number
