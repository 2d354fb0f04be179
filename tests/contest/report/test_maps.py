"""Maps of levels, and where the player is on them, from the game that ships with the project."""

import cv2
import numpy as np
import pytest

from contest.remote import games
from contest.remote.environment import make
from contest.report.maps import SCALE_MOST, level_map
from fernway import GAME, levels, native

LEVEL = "FernHollow.Act1"


def test_map_of_the_bundled_game() -> None:
    drawn = level_map("Fernway-Genesis", LEVEL)
    assert drawn is not None
    level = levels.by_name(LEVEL).level
    game = native.Game(level.zone, level.act, level.seed)
    assert drawn.width == 16 * int(game.level["cols"])
    assert (drawn.left, drawn.top + drawn.height) == (0, 16 * native.LEVEL_ROWS)
    assert drawn.top < int(game.level["start_y"]) < drawn.top + drawn.height
    picture = cv2.imdecode(np.frombuffer(drawn.webp, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == (round(drawn.height * drawn.scale), round(drawn.width * drawn.scale), 3)
    assert drawn.scale <= SCALE_MOST
    assert picture.std() > 20, "there is something on it"


@pytest.mark.parametrize("game", [GAME, "Fernway-Native"])
def test_the_game_tells_where_the_player_is(game: str) -> None:
    env = make(game, LEVEL, seed=0)
    try:
        env.reset()
        x, y = env.get_wrapper_attr("position")()
        level = levels.by_name(LEVEL).level
        start = native.Game(level.zone, level.act, level.seed).level
        assert abs(x - int(start["start_x"])) <= 2
        assert abs(y - int(start["start_y"])) <= 16
        right = [number == 7 for number in range(12)]
        for _ in range(10):
            env.step(right)
        assert env.get_wrapper_attr("position")()[0] > x + 10
    finally:
        env.close()


def test_games_without_maps_and_without_places() -> None:
    assert level_map("Airstriker-Genesis", None) is None
    assert level_map("no such game", None) is None
    env = make("Airstriker-Genesis")
    try:
        env.reset()
        assert env.get_wrapper_attr("position")() is None
    finally:
        env.close()


def test_a_map_that_fails_is_told_in_a_line() -> None:
    with pytest.raises(games.GameError, match=r"Fernway-Genesis-v0: fernway\.maps:level_map drew no map of Nowhere"):
        level_map(GAME, "Nowhere")
