"""Every number the agent uses, once, with its unit and its source."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

CONTEST_TIMESTEPS = 1_000_000
"""Timesteps of one contest run. Source: Retro Contest rules."""

CONTEST_WALLCLOCK_S = 12 * 3600.0
"""Seconds of one contest run. Source: Retro Contest rules."""

SEED_VARIABLE, TIMESTEPS_VARIABLE, WALLCLOCK_VARIABLE = "QJERK_SEED", "QJERK_TIMESTEPS", "QJERK_WALLCLOCK"
"""Environment variables that tell an agent its seed, and its run's timesteps and seconds where these are limited."""

EPISODE_TIMESTEPS = 4500
"""Timesteps after which the server ends an episode by its time limit. Source: retro-contest, TimeLimit(4500)."""

LEVEL_REWARD = 9000.0
"""Sum of a level's rewards for its whole way, without the bonus for being quick. Source: Retro Contest rules."""

LEAST_RISE = 0.1
"""Return that a higher one is higher by at least, contest units: a pixel of a level is about 1, the rounding of an
episode's rewards, which come in single precision, below 1e-3."""

SCREEN_SHAPE = (224, 320, 3)
"""Rows, columns and colours of the Mega Drive's screen. Source: retro-contest."""

Pixels = Literal["gray", "edges", "colour"]
"""What a screen is reduced to: luminance, its Canny edges, or RGB as it is."""

EDGE_THRESHOLDS = (100, 200)
"""Canny's hysteresis, gradient of luminance a pixel: edges grow from the second along what exceeds the first."""


def _require(condition: bool, wanted: str, came: object) -> None:
    """Refuses a setting.

    Raises:
        ValueError: If the condition does not hold.
    """
    if not condition:
        raise ValueError(f"wanted {wanted}, got {came}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteConfig:
    """How to reach the remote environment."""

    socket_dir: Path = Path("tmp/sock")
    """Folder with the server's socket and its memory-mapped arrays. Source: retro-contest."""

    connect_timeout_s: float = 300.0
    """Seconds to wait for a server that starts late; the contest's may take tens of seconds."""

    handshake_timeout_s: float = 60.0
    """Seconds to wait for the description once connected; longer means that another client holds the server."""

    response_timeout_s: float = 600.0
    """Seconds to wait for one answer before the server is taken for dead; emulation takes milliseconds."""

    backoff_s: float = 0.1
    """First pause between two tries to connect, seconds; doubles up to backoff_max_s."""

    backoff_max_s: float = 2.0
    """Longest pause between two tries to connect, seconds."""

    message_bytes_max: int = 1 << 20
    """Longest message accepted, bytes; real ones take a few hundred."""

    def __post_init__(self) -> None:
        """Checks the ranges."""
        for name in ("connect_timeout_s", "handshake_timeout_s", "response_timeout_s", "backoff_s"):
            _require(getattr(self, name) > 0, f"{name} above 0", getattr(self, name))
        _require(self.backoff_max_s >= self.backoff_s, "backoff_max_s of at least backoff_s", self.backoff_max_s)
        _require(self.message_bytes_max >= 1024, "message_bytes_max of at least 1024", self.message_bytes_max)


@dataclass(frozen=True, slots=True, kw_only=True)
class VisionConfig:
    """How a screen becomes an observation; stored in the weights' card."""

    crop_top: int = 52
    """Screen rows cut off at the top: SCORE, TIME and RINGS end at row 49 (measured on the contest's start states)."""

    crop_bottom: int = 0
    """Screen rows cut off at the bottom."""

    height: int = 64
    """Rows of the observation, pixels."""

    width: int = 80
    """Columns of the observation, pixels; with 64 rows 1.8 times as fast as 84 x 84 (measured)."""

    stack: int = 4
    """Screens stacked along the channels, newest last. Source: Mnih et al. 2015."""

    pixels: Pixels = "gray"
    """What a screen is reduced to; colour takes three planes a screen, the others one."""

    def __post_init__(self) -> None:
        """Checks the ranges."""
        rows = SCREEN_SHAPE[0]
        _require(min(self.crop_top, self.crop_bottom) >= 0, "crops of at least 0 rows", self)
        _require(self.crop_top + self.crop_bottom <= rows - self.height, f"at least {self.height} rows left", self)
        _require(self.height >= 8, "height of at least 8", self.height)
        _require(8 <= self.width <= SCREEN_SHAPE[1], f"width within 8..{SCREEN_SHAPE[1]}", self.width)
        _require(1 <= self.stack <= 16, "stack within 1..16", self.stack)
        _require(self.pixels in get_args(Pixels), f"pixels of {', '.join(get_args(Pixels))}", self.pixels)

    @property
    def planes(self) -> int:
        """Planes of the observation that one screen takes."""
        return 3 if self.pixels == "colour" else 1

    @property
    def obs_shape(self) -> tuple[int, int, int]:
        """Shape [C, H, W] of the observation."""
        return self.stack * self.planes, self.height, self.width


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkConfig:
    """Sizes of the Q-network; stored in the weights' card."""

    torso: Literal["conv", "impala", "patches"] = "patches"
    """conv: three convolutions (8x8 stride 4, 4x4 stride 2, 3x3). Source: Mnih et al. 2015. impala: a stage for each of
    the channels, of a convolution, max pooling and a residual block, the first convolution with stride 2. Source:
    Espeholt et al. 2018, with one residual block for two and the stride for speed. patches: a stage for each of the
    channels, of a strided convolution and a residual block, the first on patches of 4 x 4 pixels, about a block of the
    level. An update with 32, 64 takes 0.34 ms a timestep,
    impala's with 32, 64, 64 1.18 (measured once, bfloat16 on AMX, one core)."""

    channels: tuple[int, ...] = (32, 64)
    """Channels of the convolutions or stages."""

    hidden: int = 256
    """Units of each head's hidden layer."""

    temperature: float = 0.25
    """Of the policy, scaled reward units: softmax(Q / temperature)."""

    def __post_init__(self) -> None:
        """Checks the ranges."""
        _require(self.torso in ("conv", "impala", "patches"), "torso conv, impala or patches", self.torso)
        _require(1 <= len(self.channels) <= 4 and min(self.channels) > 0, "1 to 4 channels above 0", self.channels)
        _require(self.torso != "conv" or len(self.channels) == 3, "three channels for conv", self.channels)
        _require(self.hidden > 0, "hidden above 0", self.hidden)
        _require(self.temperature > 0, "temperature above 0", self.temperature)


@dataclass(frozen=True, slots=True, kw_only=True)
class JerkConfig:
    """The JERK heuristic. Source: openai/retro-baselines, agents/jerk_agent.py."""

    right_timesteps: int = 100
    """Timesteps of one move to the right."""

    left_timesteps: int = 70
    """Timesteps of the move back after a move to the right that earned nothing."""

    jump_probability: float = 0.1
    """Probability of starting a jump at a timestep, either way."""

    jump_timesteps: int = 4
    """Timesteps for which a jump holds the button."""

    def __post_init__(self) -> None:
        """Checks the ranges."""
        for name in ("right_timesteps", "left_timesteps", "jump_timesteps"):
            _require(getattr(self, name) > 0, f"{name} above 0", getattr(self, name))
        _require(0 <= self.jump_probability <= 1, "jump_probability within 0..1", self.jump_probability)


@dataclass(frozen=True, slots=True, kw_only=True)
class StallConfig:
    """When the learned policy is taken to have stalled."""

    patience: int = 1500
    """Timesteps without a new best return in this episode after which the heuristic takes over (100 s of play). The
    score is the mean return of the episodes: standing still costs nothing there, what the heuristic tries often does."""

    headway: float = 20.0
    """Reward above the return at the stall that gives the controls back (of 9,000 a level; about 20 pixels)."""

    slow_window: int = 2000
    """Decisions whose mean time is held against what the run can afford; a machine that hangs for seconds is not slow."""

    slow_share: float = 0.5
    """Share of the time a timestep may take (wall-clock / timesteps) that deciding may use up; the rest is the server's."""

    def __post_init__(self) -> None:
        """Checks the ranges."""
        _require(self.patience > 0 and self.slow_window > 0, "patience and slow_window above 0", self)
        _require(self.headway >= 0, "headway of at least 0", self.headway)
        _require(0 < self.slow_share <= 1, "slow_share within (0, 1]", self.slow_share)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryConfig:
    """Retained knowledge. Source of the rule: openai/retro-baselines, agents/jerk_agent.py."""

    trajectories: int = 64
    """Trajectories kept at most; the one with the lowest mean return goes first."""

    exploit_bias: float = 0.25
    """Probability of replaying at the start of the run; rises to 1 + exploit_bias with the share of timesteps used."""

    exploit_best: float = 0.0
    """Probability added to it for each contest unit that the best trajectory has paid on average."""

    replay_slack: float = 150.0
    """Reward a replay may fall behind what the trajectory had earned by then before it counts as lost."""

    vary_share: float = 0.5
    """Share of the replays, at the start of the run, that vary the trajectory where replays tend to end: how it goes on
    there is often what cannot be survived, or only by luck. It falls to 0 with the share of timesteps used."""

    vary_before: int = 64
    """Timesteps before such an end at which a variation begins at the earliest; a fall alone takes 15."""

    vary_timesteps: int = 32
    """Length of a variation at most, timesteps."""

    vary_shift: int = 4
    """Timesteps by which a variation does things earlier or later, at most."""

    same_return: float = 20.0
    """Return by which a varied replay may fall short of the trajectory and still have got as far, contest units."""

    detour_share: float = 0.5
    """A trajectory of which less than this is left without its detours is tried without them, too: nobody can play
    minutes of coming and going again."""

    ends: int = 64
    """Ends of replays remembered: what tends to end them now."""

    landmark_period: int = 4
    """Timesteps of an episode between two screens kept as landmarks, where the agent knows screens."""

    pace_speed: float = 4.0
    """Reward of a timestep within which a replay is as fast as the trajectory and keeps its pace; 0 counts blindly."""

    late_cost: float = 8.0
    """Contest units off the trajectory's place that a timestep off its time weighs as much as: what moves by itself goes
    about so far in it (2 pixels a frame)."""

    rejoin_wait: int = 8
    """Timesteps that somebody else plays before a lost replay looks for a landmark to go on from."""

    rejoin_distance: float = 9.0
    """Return within which a landmark is as far along, contest units (about 8 pixels)."""

    rejoin_speed: float = 8.0
    """Reward of the last timestep within which it was passed as fast, contest units (2 pixels a frame)."""

    rejoin_difference: float = 4.0
    """Mean difference of two screens' profiles, gray levels, within which they show the same place."""

    rejoin_tries: int = 3
    """How often an episode goes on from the same landmark: what went wrong thrice there is wrong."""

    def __post_init__(self) -> None:
        """Checks the ranges."""
        _require(self.trajectories > 0, "trajectories above 0", self.trajectories)
        _require(0 <= self.exploit_bias <= 1, "exploit_bias within 0..1", self.exploit_bias)
        for name in ("vary_share", "detour_share"):
            _require(0 <= getattr(self, name) <= 1, f"{name} within 0..1", getattr(self, name))
        for name in ("vary_before", "vary_timesteps", "vary_shift", "ends"):
            _require(getattr(self, name) > 0, f"{name} above 0", getattr(self, name))
        _require(self.exploit_best >= 0, "exploit_best of at least 0", self.exploit_best)
        for name in (
            "replay_slack",
            "same_return",
            "rejoin_wait",
            "rejoin_distance",
            "rejoin_speed",
            "rejoin_difference",
            "pace_speed",
            "late_cost",
        ):
            _require(getattr(self, name) >= 0, f"{name} of at least 0", getattr(self, name))
        _require(
            self.landmark_period > 0 and self.rejoin_tries >= 0, "landmark_period above 0, tries of at least 0", self
        )


IMPROVED_JERK = JerkConfig(left_timesteps=45)
IMPROVED_JERK_MEMORY = MemoryConfig(exploit_bias=0.12, exploit_best=1 / 10_000)
"""A contestant's rules, which took JERK to 3,817 on the leaderboard's levels and among the top 30; besides, play goes
on after a replay. Source: the contest's write-ups by participants."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacesConfig:
    """How places of a level are told apart."""

    distance_step: float = 18.0
    """Return that makes a new place, contest units (of 9,000 a level; about 16 pixels)."""

    speed_step: float = 25.0
    """Reward a timestep that makes another speed, contest units (about 6 pixels a frame is 25)."""

    speeds_back: int = 2
    """Speeds told apart on the way left."""

    speeds_ahead: int = 3
    """Speeds told apart on the way right."""

    profile_rows: int = 43
    """Patches of a screen's profile from top to bottom; about 4 screen rows each."""

    profile_columns: int = 3
    """Patches of a screen's profile from left to right."""

    profile_difference: float = 7.0
    """Mean difference of two profiles, gray levels, from which on they show different heights."""

    heights_max: int = 24
    """Heights told apart at most at one distance."""

    places_max: int = 50_000
    """Places known at most; a long run on a hard level knows a tenth of it."""

    @property
    def patches(self) -> int:
        """Patches of a screen's profile."""
        return self.profile_rows * self.profile_columns

    def __post_init__(self) -> None:
        """Checks the ranges."""
        for name in ("distance_step", "speed_step", "profile_difference"):
            _require(getattr(self, name) > 0, f"{name} above 0", getattr(self, name))
        for name in ("profile_rows", "profile_columns", "heights_max", "places_max"):
            _require(getattr(self, name) > 0, f"{name} above 0", getattr(self, name))
        _require(min(self.speeds_back, self.speeds_ahead) >= 0, "speeds of at least 0", self)


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelModelConfig:
    """The level as the run has come to know it."""

    gamma: float = 0.999
    """Discount a timestep; looks about 1,000 timesteps ahead."""

    bonus: float = 100.0
    """Value added to an option never tried, contest units; falls with the root of the tries."""

    wonder: float = 4.0
    """Reward imagined for each try of an option never tried, contest units; falls with the root of the tries."""

    prior_tries: float = 0.5
    """How many tries the guess about an untried option counts for."""

    transitions_max: int = 250_000
    """Transitions kept at most; a run of 1,000,000 timesteps makes about 160,000."""

    plan_period: int = 100
    """Options between two plannings within an episode."""

    sweeps: int = 10
    """Sweeps of value iteration a planning."""

    sweeps_at_start: int = 30
    """Sweeps of value iteration before an episode."""

    def __post_init__(self) -> None:
        """Checks the ranges."""
        _require(0 < self.gamma < 1, "gamma within (0, 1)", self.gamma)
        _require(self.bonus >= 0, "bonus of at least 0", self.bonus)
        _require(self.prior_tries > 0, "prior_tries above 0", self.prior_tries)
        for name in ("transitions_max", "plan_period", "sweeps", "sweeps_at_start"):
            _require(getattr(self, name) > 0, f"{name} above 0", getattr(self, name))


@dataclass(frozen=True, slots=True, kw_only=True)
class BanditConfig:
    """Which kind of episode comes next."""

    window: int = 8
    """Episodes of a kind whose mean return counts; players that learn get better."""

    width: float = 1000.0
    """Worth of not knowing, contest units; see `Bandit`."""

    def __post_init__(self) -> None:
        """Checks the ranges."""
        _require(self.window > 0, "window above 0", self.window)
        _require(self.width >= 0, "width of at least 0", self.width)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunConfig:
    """One run of the agent."""

    epsilon: float = 0.02
    """Probability of a random action where the learned policy plays."""

    temperature: float = 0.25
    """Otherwise its action is drawn from softmax(Q / temperature), the network's units; 0: always the best one."""

    seed: int = 0
    """Seed of everything random in the agent."""

    timesteps: int = CONTEST_TIMESTEPS
    """Timesteps after which the agent stops by itself, if the server has not; also scales the exploit probability."""

    wallclock_s: float = CONTEST_WALLCLOCK_S
    """Seconds after which the agent stops by itself, if the server has not."""

    remote: RemoteConfig = field(default_factory=RemoteConfig)
    """How to reach the remote environment."""

    jerk: JerkConfig = field(default_factory=JerkConfig)
    """The heuristic."""

    stall: StallConfig = field(default_factory=StallConfig)
    """The stall detector."""

    memory: MemoryConfig = field(default_factory=MemoryConfig)
    """Retained knowledge."""

    places: PlacesConfig = field(default_factory=PlacesConfig)
    """How places are told apart."""

    level_model: LevelModelConfig = field(default_factory=LevelModelConfig)
    """The level as the run has come to know it."""

    bandit: BanditConfig = field(default_factory=BanditConfig)
    """Which kind of episode comes next."""

    def __post_init__(self) -> None:
        """Checks the ranges."""
        _require(0 <= self.epsilon <= 1, "epsilon within 0..1", self.epsilon)
        _require(self.temperature >= 0, "temperature of at least 0", self.temperature)
        _require(self.seed >= 0, "a seed of at least 0", self.seed)
        _require(self.timesteps > 0, "timesteps above 0", self.timesteps)
        _require(self.wallclock_s > 0, "wallclock above 0 s", self.wallclock_s)
