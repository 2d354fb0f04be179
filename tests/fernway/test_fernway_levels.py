"""Names, split and solutions of the committed levels."""

import pytest

from fernway import FOLDER, INTEGRATION, FernwayError, commands, levels, native
from fernway.art import headers
from fernway.levels import Level, Solved
from fernway.rules import FRAME_LIMIT
from fernway.search import Search, decode, encode, frames_of, start_level

SPLIT = {"train": 47, "validation": 11}  # the contest's


def test_zones_are_named_as_in_the_game() -> None:
    art = (headers.SOURCE / "art.c").read_text()
    named = [name.replace(" ", "").upper() for name in levels.ZONES]
    found = [line.split('"')[1].replace(" ", "") for line in art.splitlines() if line.startswith('    {"')]
    assert found == named


@pytest.mark.parametrize("name", SPLIT)
def test_split_is_the_contests(name: str) -> None:
    listed = [one for one in commands.read_list(FOLDER / f"{name}.csv") if isinstance(one, Solved)]
    assert len({one.level.name for one in listed}) == SPLIT[name]
    assert all(one.validation == (name == "validation") for one in listed)
    assert all((INTEGRATION / f"{one.level.name}.state").is_file() for one in listed)


def test_unseen_zones_are_in_no_training_level() -> None:
    trained = {one.level.zone for one in levels.committed().values() if not one.validation}
    validated = {one.level.zone for one in levels.committed().values() if one.validation}
    assert trained == set(range(6))
    assert set(levels.UNSEEN_ZONES) <= validated
    assert len(validated & trained) == 5


def test_seeds_follow_the_rule() -> None:
    for one in levels.committed().values():
        assert 0 <= one.level.seed - levels.first_seed(one.level.zone, one.level.act) < 20


@pytest.mark.parametrize("name", sorted(levels.committed()))
def test_stored_solution_solves_on_the_host(name: str) -> None:
    one = levels.by_name(name)
    game = native.Game()
    start_level(game, one.level)
    outcome = game.frames(frames_of(decode(one.solution)))
    assert outcome.level_end
    assert one.frames <= FRAME_LIMIT
    assert all(frames % 4 == 0 for _, frames in decode(one.solution))  # whole contest timesteps


def test_search_finds_the_stored_solution_again() -> None:
    one = levels.by_name("LanternCanopy.Act2")
    found = Search().solve(one.level)
    assert found is not None
    assert encode(found) == one.solution


def test_search_gives_up_where_there_is_no_way(monkeypatch: pytest.MonkeyPatch) -> None:
    level = Level(0, 1, 1)

    def walled(game: native.Game, asked: Level) -> None:
        start_level(game, asked)
        game.blocks[30:32] = 1

    monkeypatch.setattr("fernway.search.start_level", walled)
    search = Search()
    assert search.solve(level) is None
    assert search.furthest < 30 * 16


def test_runs_survive_writing() -> None:
    runs = [(0, 8), (128, 20), (128, 4), (129, 12), (160, 1)]
    text = encode(runs)
    assert text == "8 24R 12RB 1DR"
    assert frames_of(decode(text)).tolist() == frames_of(runs).tolist()
    with pytest.raises(ValueError, match="8X"):
        decode("4R 8X")


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("fernhollow", 0), ("Star Atrium", 7), ("GlassDunes", 6)])
def test_zone_by_name_or_number(text: str, number: int) -> None:
    assert levels.zone_number(text) == number


@pytest.mark.parametrize(
    ("text", "nearest"), [("FernHolow", "FernHollow"), ("8", "0 .. 7"), ("-1", "0 .. 7"), ("", "0 .. 7")]
)
def test_unknown_zone_names_the_nearest(text: str, nearest: str) -> None:
    with pytest.raises(FernwayError, match=nearest) as caught:
        levels.zone_number(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("numbers", [(8, 1, 1), (-1, 1, 1), (0, 0, 1), (0, 100, 1), (0, 1, -1), (0, 1, 2**32)])
def test_level_out_of_range_is_refused(numbers: tuple[int, int, int]) -> None:
    with pytest.raises(FernwayError):
        Level(*numbers)
