"""How weights would start on the contest's games: their start screens without cards, and what is computed of them."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from agent.config import RunConfig
from agent.network.card import WeightsError
from agent.rules import ACTION_TABLE
from agent.vision import VisionConfig, look
from fernway.levels import Level
from training.network import weights as networks
from training.network.model import NetworkConfig, QNetwork
from training.play.title_card import CARD_TILES, SPRITE_COUNT, SPRITE_TABLE, SPRITES, without_card
from training.run import transfer
from training.run.values import values_of

pytest.importorskip("stable_retro")

from training.play import contest_screens
from training.play.contest_screens import StartScreen

WEIGHTS = Path(__file__).parents[3] / "weights" / "qjerk.safetensors"
BLACK = {"DeathEggZone.Act1", "FlyingBatteryZone.Act1", "FlyingBatteryZone.Act2", "AngelIslandZone.Act2"}


@pytest.fixture(scope="module")
def screens() -> list[StartScreen]:
    return list(contest_screens.start_screens())


def test_all_levels_of_the_contest_are_drawn_and_four_show_nothing_but_their_card(screens: list[StartScreen]) -> None:
    assert len({(screen.game, screen.state) for screen in screens}) == 58
    assert {screen.state for screen in screens if not screen.is_shown} == BLACK
    assert all(np.ptp(screen.card) for screen in screens)


def test_taking_a_card_out_changes_the_middle_of_the_screen_alone(screens: list[StartScreen]) -> None:
    for screen in screens:
        rows = np.flatnonzero((screen.card != screen.level).any((1, 2)))
        columns = np.flatnonzero((screen.card != screen.level).any((0, 2)))
        assert len(rows) >= 20, f"{screen.state}: a card was to be seen"
        if screen.game.startswith("SonicTheHedgehog"):
            assert rows.min() >= 50, screen.state
            assert rows.max() < 150, screen.state
            assert columns.min() >= 64, f"{screen.state}: the player stands there"


def test_only_the_cards_sprites_move() -> None:
    game = "SonicTheHedgehog-Genesis-v0"
    tiles = CARD_TILES[game]
    state = np.zeros(SPRITE_TABLE + SPRITE_COUNT * 8 + 100, np.uint8)
    patterns = (tiles.start - 1, tiles.start, tiles.stop - 1, tiles.stop, 0x8000 | tiles.start)
    for at in (SPRITES, SPRITE_TABLE):
        rows = state[at : at + SPRITE_COUNT * 8].view("<u2").reshape(SPRITE_COUNT, 4)
        for row, pattern in zip(rows, patterns, strict=False):
            row[:] = 200, 7, pattern, 300
    changed = np.frombuffer(without_card(state.tobytes(), game), np.uint8)
    for at in (SPRITES, SPRITE_TABLE):
        rows = changed[at : at + SPRITE_COUNT * 8].view("<u2").reshape(SPRITE_COUNT, 4)
        assert rows[:5].tolist() == [[200 if i in (0, 3) else 0, 7, pattern, 300] for i, pattern in enumerate(patterns)]
    assert (changed != state).sum() == 6


def test_going_right_is_three_actions_together() -> None:
    assert [ACTION_TABLE[action] for action in transfer.RIGHTWARD] == [("RIGHT",), ("RIGHT", "B"), ("RIGHT", "DOWN")]
    even = np.zeros((1, 9), np.float32)
    assert transfer.rightward(even) == pytest.approx([3 / 9])
    q = even.copy()
    q[0, 1] = RunConfig().temperature  # one temperature above the others
    assert transfer.rightward(q) == pytest.approx([(np.e + 2) / (np.e + 8)])
    assert transfer.rightward(q + 1e4) == pytest.approx([(np.e + 2) / (np.e + 8)], rel=1e-3)


def test_the_share_counts_what_is_above_one_half() -> None:
    def values(obs: NDArray[np.uint8]) -> NDArray[np.float32]:
        q = np.zeros((len(obs), 9), np.float32)
        q[:, 2] = obs[:, 0, 0, 0]
        return q

    obs = np.zeros((4, 4, 64, 80), np.uint8)
    obs[:3] = 1
    assert transfer.rightward_share(values, obs) == 0.75


def test_observations_are_equal_screens(screens: list[StartScreen]) -> None:
    vision = VisionConfig()
    shown = [screen.level for screen in screens if screen.is_shown]
    obs = contest_screens.standing(shown, vision)
    assert obs.shape == (54, *vision.obs_shape)
    assert obs.dtype == np.uint8
    assert (obs == obs[:, :1]).all()
    assert (obs[7, 0] == look(shown[7], vision)[0]).all()
    assert (obs == transfer.level_observations(vision)).all()


def test_features_are_what_the_heads_get() -> None:
    torch.manual_seed(0)
    network, _, _ = networks.load(WEIGHTS)
    obs = np.random.default_rng(0).integers(0, 256, (300, *VisionConfig().obs_shape), np.uint8)
    found = transfer.features(network, obs)
    with torch.inference_mode():
        assert torch.allclose(network.value(found)[:, 0], network.value_and_policy(torch.from_numpy(obs))[0], atol=1e-4)
    assert not network.torso._forward_hooks


def test_the_nearest_reference_counts() -> None:
    queries, references = torch.tensor([[0.0, 0.0], [3.0, 4.0]]), torch.tensor([[0.0, 1.0], [3.0, 4.0], [50.0, 0.0]])
    assert transfer.nearest(queries, references).tolist() == [1, 0]


def test_examples_are_standing_screens_of_play(network_of_chance: QNetwork) -> None:
    vision = VisionConfig()
    levels = [Level(0, 1, 10100), Level(3, 2, 5)]
    obs = transfer.examples(values_of(network_of_chance), vision, levels, seed=1)
    assert obs.shape[1:] == vision.obs_shape
    assert (obs == obs[:, -1:]).all()
    assert len(np.unique(obs, axis=0)) > 20


@pytest.fixture
def network_of_chance() -> QNetwork:
    torch.manual_seed(0)
    return QNetwork(VisionConfig(), NetworkConfig(), len(ACTION_TABLE))


@pytest.mark.slow
def test_the_command_prints_every_level_and_draws_sheets_where_asked(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    transfer.transfer(transfer.TransferConfig(weights=WEIGHTS, levels=4, pictures=tmp_path / "sheets"))
    printed = capsys.readouterr().out
    assert printed.count("GreenHillZone.Act") == 3
    assert printed.count("black") == 4
    assert " of 54 without it" in printed
    assert "of Fernway as" in printed
    sheets = sorted((tmp_path / "sheets").iterdir())
    assert [sheet.stem for sheet in sheets] == sorted(CARD_TILES)
    pictures = [cv2.imread(str(sheet)) for sheet in sheets]
    assert all(picture is not None and picture.shape[1] > 3 * 2 * 320 for picture in pictures)


@pytest.mark.parametrize("wrong", [{"levels": 1}, {"seed": -1}], ids=str)
def test_settings_are_checked(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"wanted --(levels of at least 2|seed of at least 0), got"):
        transfer.TransferConfig(weights=WEIGHTS, **wrong)  # type: ignore[arg-type]


def test_bad_input_is_refused_before_anything_is_played(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="is a file: wanted a folder"):
        transfer.transfer(transfer.TransferConfig(weights=WEIGHTS, pictures=tmp_path / "file"))
    with pytest.raises(WeightsError, match="nowhere"):
        transfer.transfer(transfer.TransferConfig(weights=tmp_path / "nowhere.safetensors"))
