import csv
from pathlib import Path

import numpy as np
import pytest
from knowing import memory as empty
from knowing import trajectory

from agent.journal import PLAYERS, Episode, Journal
from agent.level.knowledge import KNOWLEDGE_FORMAT
from agent.level.trajectories import Memory, MemoryConfig

EPISODE = Episode(
    episode_return=123.4,
    timesteps=8,
    end="terminated",
    timesteps_by_player={"learned": 6, "jerk": 2},
    seconds=0.5,
)


def knowing() -> Memory:
    memory = empty()
    memory.add(trajectory(5.0))
    return memory


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "episodes.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_each_episode_is_a_row_as_soon_as_it_is_over(tmp_path: Path) -> None:
    said: list[str] = []
    journal = Journal(tmp_path / "deep" / "out", said.append)
    for count in range(3):
        assert len(rows(tmp_path / "deep" / "out")) == count
        journal.add(EPISODE)
    row = rows(tmp_path / "deep" / "out")[2]
    assert (row["episode"], row["return"], row["timesteps"], row["end"]) == ("2", "123.4000", "8", "terminated")
    shares = {player: float(row[player]) for player in PLAYERS}
    assert shares == dict.fromkeys(PLAYERS, 0.0) | {"learned": 0.75, "jerk": 0.25}
    assert said == []


def test_a_folder_that_cannot_be_written_is_said_once_and_costs_the_record_alone(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("in the way")
    said: list[str] = []
    journal = Journal(tmp_path / "out", said.append)
    journal.add(EPISODE)
    journal.save(knowing(), "level", is_last=True)
    assert len(said) == 1
    assert "goes on without a record" in said[0]
    assert (tmp_path / "out").read_text() == "in the way"


def test_a_folder_that_vanishes_in_the_middle_is_survived(tmp_path: Path) -> None:
    said: list[str] = []
    journal = Journal(tmp_path / "out", said.append)
    (tmp_path / "out" / "episodes.csv").unlink()
    (tmp_path / "out").rmdir()
    journal.add(EPISODE)
    assert "goes on without a record" in said[0]


def test_what_an_earlier_run_knew_of_the_level_is_taken_over(tmp_path: Path) -> None:
    said: list[str] = []
    Journal(tmp_path, said.append).save(knowing(), "level", is_last=True)
    again, other = empty(), empty()
    Journal(tmp_path, said.append).recall(again, "level")
    Journal(tmp_path, said.append).recall(other, "another level")
    assert [kept.paid for kept in again.trajectories] == [5.0]
    assert other.trajectories == []
    assert "taken over" in said[0]
    assert "another level" in said[1]


def test_knowledge_is_written_now_and_then_only(tmp_path: Path) -> None:
    journal = Journal(tmp_path, print)
    journal.save(knowing(), "level", is_last=False)
    assert not journal.knowledge_path.exists()


@pytest.mark.parametrize("content", [b"", b"garbage"])
def test_broken_knowledge_is_said_and_left_aside(tmp_path: Path, content: bytes) -> None:
    said: list[str] = []
    journal = Journal(tmp_path, said.append)
    journal.knowledge_path.write_bytes(content)
    memory = empty()
    journal.recall(memory, "level")
    assert memory.trajectories == []
    assert "without earlier knowledge" in said[0]


def test_knowledge_of_an_earlier_format_is_said_in_one_line_and_left_aside(tmp_path: Path) -> None:
    said: list[str] = []
    journal = Journal(tmp_path, said.append)
    journal.save(knowing(), "level", is_last=True)
    with np.load(journal.knowledge_path) as file:
        arrays = {**dict(file), "format": np.array(KNOWLEDGE_FORMAT - 1)}
    np.savez(journal.knowledge_path, **arrays)
    memory = empty()
    journal.recall(memory, "level")
    assert memory.trajectories == []
    (line,) = said
    assert line.startswith("starting without earlier knowledge")
    assert f"wanted format {KNOWLEDGE_FORMAT}, got {KNOWLEDGE_FORMAT - 1}" in line


def test_who_remembers_nothing_leaves_the_file_alone(tmp_path: Path) -> None:
    said: list[str] = []
    journal = Journal(tmp_path, said.append)
    nobody = Memory(MemoryConfig(trajectories=0))
    journal.save(nobody, "level", is_last=True)
    assert not journal.knowledge_path.exists()
    journal.save(knowing(), "level", is_last=True)
    journal.recall(nobody, "level")
    assert nobody.trajectories == []
    assert said == []
