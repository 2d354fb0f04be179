# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Discovering Q-learning
#
# In May 2018 a contestant of OpenAI's Retro Contest wrote an account of his way, "Discovering Q learning". He wanted an
# agent that plays *Sonic the Hedgehog* levels it has never seen. He tried a memory of screens, then a Q-table, then
# pictures for a neural network, then a deep Q-network, and in the end went back to improving JERK, a simple heuristic.
# This project grew out of that account.
#
# This notebook walks the same path in the same order on [Fernway](../fernway/README.md), a free game under the contest's
# rules. Each step runs the project's own code, and each number was computed here.
#
# The rules in short. The agent sees a screen of 224 x 320 pixels and holds some of 12 buttons for four frames: one
# **timestep**. It is paid for the way to the right. The whole way pays 9,000, being quick up to 1,000 more. A quarter of
# the time the new buttons come one frame late, so the same sequence of buttons never works twice.
#
# To run it: `pip install -e '.[contest,training,notebook]'` in a clone, then open this file in Jupyter. It takes a few
# minutes on one processor core.

# %%
import tempfile
from pathlib import Path

import cv2
import numpy as np
import torch
from IPython.display import Image, Markdown, display

from agent.assembly import WEIGHTS
from agent.config import RunConfig
from agent.network.card import Card
from agent.rules import ACTION_TABLE, action_buttons, buttons
from agent.vision import VisionConfig, crop, look
from contest.scoring import bootstrap
from fernway.environment import NativeEnv
from fernway.levels import by_name
from fernway.picture import run_map
from training.experiments import deep_q, dqn, qtable, show
from training.experiments.contenders import ControllerAgent, play
from training.experiments.screen_table import ScreenTable, hashed
from training.network import weights as networks
from training.network.model import NetworkConfig
from training.run import calibration, diagnostics, failures, figures, pictures, score
from training.run.curve import Meter, ScoreRow
from training.run.episodes import Recorder
from training.run.score_report import scales
from training.run.values import values_of

ACTIONS = ["+".join(names) or "nothing" for names in ACTION_TABLE]
FOLDER = Path(tempfile.mkdtemp())  # of what the experiments write


def table(*rows: tuple) -> Markdown:
    """Shows rows as a table; the first one is its head."""
    lines = [" | ".join(map(str, row)) for row in rows]
    return Markdown("\n".join([lines[0], " | ".join("---" for _ in rows[0]), *lines[1:]]))


# %% tags=["parameters"]
LEVEL = "FernHollow.Act1"  # the level of chapters 1 to 5
LOOKED = 1_500  # timesteps of chapter 1
TABLE_TIMESTEPS = 6_000  # timesteps of each player in chapter 2
DQN_TIMESTEPS = 12_000  # timesteps of the deep Q-network in chapter 4
UNSEEN_LEVELS = 12  # levels of each kind in chapter 6
EPISODE_TIMESTEPS = 3_000  # timesteps of the network's play in chapter 7

# %% [markdown]
# ## 1. A memory of screens
#
# The first idea was a memory: note what each move paid on each screen, and when a screen comes back, play the move that
# paid best. A screen is 215,040 bytes, so it is cropped, flattened to a row of bytes and hashed to one number.
#
# The crop matters. The clock at the top makes nearly every screen a new one, whatever happens below it.

# %%
vision = VisionConfig()
env = NativeEnv(by_name(LEVEL).level, seed=0)
screen, _ = env.reset()
start = screen.copy()
for _ in range(150):
    screen, *_ = env.step(buttons())
shown = [
    ("the start", start),
    ("ten seconds later, nothing pressed", screen.copy()),
    ("the crop of the start", crop(start, vision)),
    ("the crop ten seconds later", crop(screen, vision)),
]
Image(pictures.png(pictures.sheet(shown, columns=2)))

# %% [markdown]
# *What to see: the two screens on top differ in clock and clouds; below, where the crop has cut them off, only the rings have
# turned.*
#
# How many screens are different? The agent stands still, holds RIGHT, or presses buttons at random. Each screen is hashed
# whole, cropped, and as the small gray picture that a network gets later.


# %%
def screens_of(choose: object, timesteps: int) -> np.ndarray:
    """Hashes what is seen, uint64 [timesteps, 3]: the whole screen, its crop, the small gray picture."""
    env = NativeEnv(by_name(LEVEL).level, seed=0)
    screen, _ = env.reset()
    found = []
    for _ in range(timesteps):
        found.append([hashed(view) for view in (screen, crop(screen, vision), look(screen, vision))])
        screen, _, is_over, _, _ = env.step(choose())
        if is_over:
            screen, _ = env.reset()
    return np.array(found)


rng = np.random.default_rng(0)
seen = {
    "nothing": screens_of(buttons, LOOKED),
    "RIGHT": screens_of(lambda: buttons("RIGHT"), LOOKED),
    "random buttons": screens_of(lambda: rng.choice(action_buttons()), LOOKED),
}
table(
    (f"distinct screens in {LOOKED:,} timesteps", "whole", "cropped", "small and gray"),
    *((name, *(f"{len(np.unique(column)):,}" for column in hashes.T)) for name, hashes in seen.items()),
)

# %%
figure, axes = figures.figure(1, len(seen), "distinct screens over timesteps", sharey=True, size=(12, 3.6))
for axis, (name, hashes) in zip(axes[0], seen.items(), strict=True):
    for column, label, width in zip(hashes.T, ("whole", "cropped", "small and gray"), (7, 4, 1.5), strict=True):
        is_new = np.isin(np.arange(len(column)), np.unique(column, return_index=True)[1])
        axis.plot(np.cumsum(is_new), label=label, linewidth=width)  # one on another where they agree
    axis.set(title=name, xlabel="timesteps")
    axis.grid(alpha=0.3)
axes[0, 0].set_ylabel("distinct screens so far")
axes[0, 0].legend()
Image(figures.png(figure))

# %% [markdown]
# *What to see: a line that bends down means that screens come back; one that climbs at 45 degrees means that every
# screen is new. Standing still, the crop leaves only the few pictures of what turns by itself. Holding RIGHT ends at
# the first wall, and then nothing new comes. Random buttons see a new screen nearly every time, and shrinking the
# screen does not help.*
#
# This is what stopped the contestant: about 800,000 different screens in 1,000,000 timesteps, more than 2,000,000 of them
# saved, and no progress in the level.

# %% [markdown]
# ## 2. The Q-table
#
# The memory knows what a move paid at once. Often the good move pays nothing yet: going back to the spring, for example.
# Q-learning (Watkins 1989) keeps what a move is worth in the long run. Its rule is the Bellman equation (Bellman 1957):
#
# $$Q(s, a) \leftarrow Q(s, a) + \alpha \, \big[ r + \gamma \max_{a'} Q(s', a') - Q(s, a) \big]$$
#
# Here $s$ is the hash of a screen, $a$ one of nine moves, $r$ what the move paid, $s'$ the next screen. The discount
# $\gamma = 0.99$ makes what comes a second later worth a little less, and $\alpha = 0.5$ is the step size. Value travels back
# from a reward one screen at a time, each time the screens come back. If they do not, it does not travel.
#
# Six players get the same level and the same number of timesteps: random buttons, JERK (the contest's baseline: run
# right, jump, repeat what paid), the network of chapter 6, the memory, and two Q-tables: one by the crop, one by the small
# gray picture.

# %%
config = qtable.QTableConfig(out=FOLDER / "qtable", state=LEVEL, timesteps=TABLE_TIMESTEPS, slots=1 << 17)
runs = qtable.play_all(config)
Image(figures.png(qtable.draw(runs)))

# %%
table(
    ("player", "timesteps", "episodes", "mean return", "best return", "distinct screens"),
    *(
        (
            run.method,
            f"{TABLE_TIMESTEPS:,}",
            len(run.returns),
            f"{np.mean(run.returns):,.0f}",
            f"{max(run.returns):,.0f}",
            f"{run.screens[-1]:,}" if run.screens else "",
        )
        for run in runs
    ),
)

# %% [markdown]
# *What to see: on the left the tables grow as fast as they are played, so hardly a screen comes back. On the right
# each dot is an episode. Those of the tables end at the same first obstacles as those of random buttons. JERK gets
# further in its single episode: one that ends neither in death nor at the goal lasts 4,500 timesteps. The network,
# which has trained on other levels of this zone, finishes each time.*
#
# One screen does come back: the first one of each episode. What do the tables say of it?

# %%
figure, axes = figures.figure(1, 2, "values of the start screen", size=(12, 3.6), sharey=True)
for axis, rule in zip(axes[0], ("memory", "qlearning"), strict=True):
    kept = ScreenTable.load(qtable.table_path(config.out, rule, "crop"), config.slots, len(ACTION_TABLE))
    axis.bar(ACTIONS, kept.find(hashed(crop(start, vision))))
    axis.set_title(rule)
    axis.tick_params(axis="x", rotation=40)
    axis.grid(axis="y", alpha=0.3)
axes[0, 0].set_ylabel("contest units")
Image(figures.png(figure))

# %% [markdown]
# *What to see: the memory is empty, because no first move pays at once: the run-up takes longer than a timestep.
# Q-learning has carried value back to a single move, and it is not RIGHT.*
#
# The table can learn: on a small level whose screens repeat it finds the way (a test checks that). It cannot
# generalise. Two screens that differ in one pixel are strangers to it.

# %% [markdown]
# ## 3. Pictures for a network
#
# A neural network can treat like screens alike, if it gets pictures of a bearable size. The contestant cut off the clock,
# turned colours to gray, shrank the screen and kept the edges (Canny 1986). Four such pictures in a stack show what moves.
# These are the stages here.

# %%
stages = show.stages(show.screens_of(show.ShowConfig(zone="0", seed=by_name(LEVEL).level.seed)), vision)
Image(pictures.png(pictures.sheet(stages, columns=3)))

# %% [markdown]
# *What to see: from 215,040 bytes to 5,120, with player, ground and enemies still there (4). Edges (5) throw away the
# shading, and with it a part of the ground. This project keeps gray.*

# %% [markdown]
# ## 4. The deep Q-network
#
# The network takes the table's place: a stack of four pictures goes in, nine Q-values come out (Mnih et al. 2015). It
# plays, keeps what happened in a replay buffer, and learns from random samples of it. At first all moves are random, then
# fewer and fewer.
#
# The run below is small. It has the contestant's design with some repairs that his lacked: a target network, scaled
# rewards, four frames a timestep, an end for episodes that stall.

# %%
torch.set_num_threads(1)
run = dqn.learn(
    dqn.DQNConfig(
        out=FOLDER / "dqn",
        state=LEVEL,
        timesteps=DQN_TIMESTEPS,
        observe=DQN_TIMESTEPS // 6,
        explore=DQN_TIMESTEPS // 2,
        memory=20_000,
        log_period=DQN_TIMESTEPS // 8,
        vision=VisionConfig(height=48, width=60),
        network=NetworkConfig(torso="conv", channels=(16, 32, 32), hidden=128),
    )
)
Image(figures.png(run.draw()))

# %% [markdown]
# *What to see: the loss (left) goes up and down and does not say how well it plays. In the middle, orange are the
# moves that the network chose lately, blue the few that were left to chance. On the right each dot is an episode. The
# dots stand in rows: a row is an obstacle at which many episodes ended, and few got past the second one.*

# %% [markdown]
# ## 5. Why it failed
#
# The contestant's best return was 729 of 10,000. What told him why were three plots like those above: the loss, the moves
# at random against the greedy ones, and how far each episode got. His network liked to jump on the spot and to stand
# still. And this one?

# %%
random_share, greedy_share = (counts / max(counts.sum(), 1) for counts in run.actions)
favourites = np.argsort(-greedy_share)[:3]
as_trained = RunConfig(epsilon=0.05, temperature=0.0)
greedy = play(
    "deep Q-network",
    ControllerAgent("greedy", as_trained, FOLDER / "dqn" / dqn.WEIGHTS),
    NativeEnv(by_name(LEVEL).level, seed=0),
    TABLE_TIMESTEPS,
)
by_chance = next(one for one in runs if one.method == "random")
display(
    table(
        ("greedy move", "share of the greedy moves", "share of the random moves"),
        *((ACTIONS[move], f"{greedy_share[move]:.0%}", f"{random_share[move]:.0%}") for move in favourites),
    ),
    table(
        (f"{TABLE_TIMESTEPS:,} timesteps on {LEVEL}", "episodes", "mean return", "best return"),
        *(
            (one.method, len(one.returns), f"{np.mean(one.returns):,.0f}", f"{max(one.returns):,.0f}")
            for one in (by_chance, greedy)
        ),
    ),
)

# %% [markdown]
# *What to see: this network has learned to keep away from LEFT (the middle of the figure), and it gets much further
# than random buttons. Otherwise its moves are spread almost as evenly as theirs. A player who knew the level would be
# surer: before a wall or a hole one move is right and the others are not.*
#
# Then there is what the loss could hide. Unscaled, running pays about 25 a timestep, and a value that sums up the
# next hundred timesteps comes to two thousand. The contestant's loss grew until it was no number any more. He took
# the mean squared logarithmic error, and the trouble was out of sight.

# %%
error = torch.linspace(-300, 300, 601)
target = torch.full_like(error, 10.0)
figure, axes = figures.figure(1, 3, "loss over the Q-value, the target being 10", size=(12, 3.4))
for axis, name in zip(axes[0], ("mse", "huber", "msle"), strict=True):
    axis.plot(error, deep_q.td_loss(name, error, target))
    axis.axvline(10, color="black", linewidth=0.8, linestyle="--")
    axis.set(title=name, xlabel="Q-value")
    axis.grid(alpha=0.3)
Image(figures.png(figure))

# %% [markdown]
# *What to see: the squared error (left) explodes, with gradients to match. Huber's (middle) grows along a line:
# errors count, none of them rules. The logarithmic error (right) makes 11 of an error of 290 where the squared error
# makes 84,100. The trouble looks small, and the slope that would end it is small as well.*
#
# So the design had flaws that are known today: no target network, unscaled rewards, no frame skip, random moves that
# never became few. Repaired as above it gets further than the tables, but not through the level. The larger trouble
# lies elsewhere: one level, thousands of timesteps, and a reward that leads into the next hole. Learning on
# procedurally generated games takes tens of millions of timesteps on many levels (Cobbe et al. 2020).

# %% [markdown]
# ## 6. What works instead: reward, on levels that are never the same
#
# The network that ships with the project is a Q-network, too. It learned on the contest's reward, with the clipped
# objective of PPO (Schulman et al. 2017) on a fresh level every episode; [training.md](../docs/training.md) tells how. Its
# card keeps the scores of the run on levels that it never learned from.

# %%
card = Card.read(WEIGHTS)
history = [ScoreRow(**row) for row in card.about.get("held_out", [])]
display(Markdown(f"Weights `{card.sha256[:12]}`, made with `{' '.join(card.about['command'].split()[:4])}`."))
display(*(Image(figures.png(one)) for one in diagnostics.pictures([], history, Meter()).values()))

# %% [markdown]
# *What to see: the return on levels of the zones it trains on (blue) and on zones it has never seen (orange), with 95 %
# intervals. They overlap: the steps of such a curve are small beside the differences between levels.*
#
# Now both networks play fresh levels that neither has ever seen: one episode each, without memory, heuristic or learning.

# %%
levels = [level for part in score.held_out(0, UNSEEN_LEVELS, UNSEEN_LEVELS).values() for level in part]
episodes, rows = {}, []
for name, path, how in (
    ("deep Q-network of chapter 4", FOLDER / "dqn" / dqn.WEIGHTS, score.PlayConfig(temperature=0.0)),
    ("bundled network", WEIGHTS, score.PlayConfig()),
):
    network, sees, _ = networks.load(path)
    recorder = Recorder()
    endings = score.play(values_of(network), sees, levels, seed=0, config=how, watch=recorder)
    episodes[name] = recorder.episodes(levels, endings)
    mean = bootstrap.over_levels(np.array([ending.episode_return for ending in endings]))
    finished = np.mean([ending.is_finished for ending in endings])
    rows.append((name, len(levels), f"{mean.value:,.0f} [{mean.low:,.0f}, {mean.high:,.0f}]", f"{finished:.0%}"))
table(("player", "fresh levels", "mean return [95 %]", "finished"), *rows)

# %% [markdown]
# A Q-value is a promise: so much will follow, discounted. Does it?

# %%
played = episodes["bundled network"]
q, returns = calibration.pairs(played, *scales(WEIGHTS))
Image(figures.png(calibration.draw(q, returns, "bundled network")))

# %% [markdown]
# *What to see: each point stands for many timesteps of like Q-value. The points rise with Q, so the network knows good places
# from bad ones; where they lie above the dashed line, more followed than it had promised.*
#
# And where do its episodes end?

# %%
Image(figures.png(failures.draw({"bundled network": failures.failures(played)})))

# %% [markdown]
# *What to see: a bar is the share of visits to a kind of section that ended the episode there. Easy ground hardly ever does;
# the sections on top need a jump in time, or the way back to the left.*

# %% [markdown]
# ## 7. An episode, and the map
#
# The network plays the level that went best above once more, with other delays of the buttons.

# %%
best_before = max(played, key=lambda one: one.ending.episode_return)
env = NativeEnv(best_before.level, seed=1)
places, screens = [], {}


def note() -> None:
    """Keeps where the player is, and now and then the screen."""
    places.append(env.position())
    if len(places) % 4 == 0:
        screens[len(places)] = env.render()


run = play("network", ControllerAgent("greedy", RunConfig(seed=1), WEIGHTS), env, EPISODE_TIMESTEPS, note)
paths = np.split(np.array(places), run.ends)[: len(run.ends)]
best = int(np.argmax(run.returns))
first = run.ends[best] - len(paths[best])
times = [time for time in screens if first < time <= run.ends[best]]
picked = [times[i] for i in np.linspace(0, len(times) - 1, 12).astype(int)]
display(
    Markdown(
        f"{best_before.level.name}, seed {best_before.level.seed}: {len(run.returns)} episodes in {EPISODE_TIMESTEPS:,} "
        f"timesteps, mean return {np.mean(run.returns):,.0f}, best {run.returns[best]:,.0f} in {len(paths[best]):,} timesteps."
    ),
    Image(
        pictures.png(
            pictures.sheet(
                [(f"timestep {time - first}, x = {places[time - 1][0]:,}", screens[time]) for time in picked],
                columns=3,
                cell=(320, 224),
            )
        )
    ),
)

# %% [markdown]
# *What to see: the best of these episodes in twelve screens, in reading order.*
#
# The map shows the whole level in four rows, and where each episode went.

# %%
whole = run_map(
    best_before.level, {str(number): [(int(x), int(y)) for x, y in path] for number, path in enumerate(paths)}
)
half = cv2.resize(whole, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
Image(pictures.png(pictures.folded(half, rows=4)))

# %% [markdown]
# *What to see: one line for each episode, a cross where it ended. Crosses lie close together where the level is hard.*

# %% [markdown]
# ## 8. And back to JERK
#
# The contestant went back to JERK and improved it: play on after a replay, go back less, repeat more often what paid more.
# That took him into the top 30. This project does not choose. Its agent lets the network play, hands over to JERK where the
# network stalls, and remembers what paid: [the README](../README.md) shows how, and what it scores.
#
# Sources: Bellman 1957, *Dynamic Programming*. Canny 1986, "A computational approach to edge detection". Watkins 1989,
# *Learning from Delayed Rewards*. Mnih et al. 2015, "Human-level control through deep reinforcement learning". Schulman et al.
# 2017, "Proximal policy optimization algorithms". Nichol et al. 2018, "Gotta Learn Fast: a new benchmark for generalization
# in RL". Cobbe et al. 2020, "Leveraging procedural generation to benchmark reinforcement learning".
