"""`python -m contest roms`, and what the other commands say of ROMs, with stand-ins for the ROMs and their sums."""

import hashlib
import os
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from sonic import ROM_SIZE, SONIC, SONIC_2, Sonic, dummy_rom, interleaved

from contest.__main__ import main
from contest.remote import custom, games, integrations, roms
from contest.remote.custom import ORIGINALS
from contest.remote.roms import GAMES, HALVES, LOCKED_ON

THREE = (SONIC, SONIC_2, LOCKED_ON)
OTHER = dummy_rom("SONIC THE               HEDGEHOG", "GM 00001009-00")
"""Another revision of the first game."""

Run = Callable[..., tuple[int, list[str], list[str]]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `python -m contest` with arguments; returns the exit status and the lines on stdout and stderr."""

    def run(*words: object) -> tuple[int, list[str], list[str]]:
        monkeypatch.setattr("sys.argv", ["contest", *map(str, words)])
        status = main()
        said = capsys.readouterr()
        return status, said.out.splitlines(), said.err.splitlines()

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder for ROMs."""
    path = tmp_path / "my roms"
    path.mkdir()
    return path


def sha1(content: bytes) -> str:
    return hashlib.sha1(content).hexdigest()


def imported(sonic: Sonic) -> dict[str, bytes]:
    """Every ROM where the emulator looks for it; nothing else may be left there."""
    for game in sonic.roms:
        assert not list(sonic.folder(game).glob(".*")), "a draft is left"
    return {game: sonic.rom(game).read_bytes() for game in sonic.roms if sonic.rom(game).exists()}


def test_the_editions_are_those_of_the_integrations() -> None:
    """The sums that stable-retro ships; the words beside them are No-Intro's and the disassemblies'."""
    assert [integrations.expected_sha1(game) for game in THREE] == [
        ("69e102855d4389c3fd1a8f3dc7d193f8eee5fe5b",),
        ("8bca5dcef1af3e00098666fd892dc1c2a76333f9",),
        ("b711a909cce238ca4af3e517a2edca306228efa5", "cfbf98c36c776677290a872547ac47c53d2761d6"),
    ]
    assert [original.game for original in roms.ORIGINALS] == list(THREE)
    for half in HALVES:
        assert len(integrations.expected_sha1(half)) == 1


def test_imports_and_builds_whatever_the_files_are_called(sonic: Sonic, folder: Path, run: Run) -> None:
    """A loose file, an interleaved one, and an archive with two ROMs."""
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "deep" / "er" / "s1").write_bytes(sonic.roms[SONIC])
    (folder / "Two.SMD").write_bytes(interleaved(sonic.roms[SONIC_2]))
    with zipfile.ZipFile(folder / "lot.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("another.gen", OTHER)
        archive.writestr("three.md", sonic.roms[LOCKED_ON])
    (folder / "README.md").write_text("# not a ROM")

    status, out, err = run("roms", folder)
    assert (status, err) == (0, [])
    assert imported(sonic) == {game: sonic.roms[game] for game in GAMES}
    for line, game, wanted in zip(
        out, GAMES, ["revision 01", "revision 01", "locked on"] + ["built from"] * 6, strict=False
    ):
        assert line.startswith(f"{game}: ")
        assert wanted in line
    for line, game, source in zip(out, THREE, ["deep/er/s1", "Two.SMD", "lot.zip: three.md"], strict=False):
        assert integrations.expected_sha1(game)[0] in line
        assert line.endswith(f"imported from {folder / source} to {sonic.rom(game)}")
    another = f"another.gen is another ROM: SONIC THE HEDGEHOG (GM 00001009-00), {ROM_SIZE} bytes, SHA-1 {sha1(OTHER)}"
    assert out[9:] == [f"not the contest's: {folder}/lot.zip: {another}"]


def test_a_second_time_everything_is_there(sonic: Sonic, folder: Path, run: Run) -> None:
    for game in THREE:
        (folder / f"{game}.bin").write_bytes(sonic.roms[game])
    assert run("roms", folder)[0] == 0
    before = {game: sonic.rom(game).stat().st_mtime_ns for game in GAMES}
    shutil.rmtree(folder)
    folder.mkdir()
    status, out, err = run("roms", folder)
    assert (status, err) == (0, [])
    assert all("already there" in line for line in out)
    assert {game: sonic.rom(game).stat().st_mtime_ns for game in GAMES} == before
    sonic.rom(SONIC_2).write_bytes(b"damaged")  # and one that has gone wrong is put right, as are those built from it
    sonic.rom("SonicTheHedgehog2CustomKevin-Genesis").unlink()
    (folder / "2.bin").write_bytes(sonic.roms[SONIC_2])
    assert run("roms", folder)[0] == 0
    assert imported(sonic) == {game: sonic.roms[game] for game in GAMES}


def test_two_cartridges_dumped_one_by_one_make_the_third_game(sonic: Sonic, folder: Path, run: Run) -> None:
    (folder / "sk.bin").write_bytes(sonic.roms[HALVES[0]])
    status, _, err = run("roms", folder, "SonicAndKnuckles3-Genesis")
    assert status == 1
    assert len(err) == 1
    assert err[0].endswith(f"{folder}/sk.bin is one of its two cartridges alone: put the other's ROM beside it")
    (folder / "s3.bin").write_bytes(sonic.roms[HALVES[1]])
    status, out, err = run("roms", folder, "SonicAndKnuckles3-Genesis")
    assert (status, err) == (0, [])
    assert out[0].endswith(f"imported from {folder}/sk.bin and {folder}/s3.bin to {sonic.rom(LOCKED_ON)}")
    assert imported(sonic) == {LOCKED_ON: sonic.roms[LOCKED_ON]}, "nothing but what was asked for"


def test_nothing_there_is_one_line_a_game(sonic: Sonic, folder: Path, run: Run) -> None:
    (folder / "notes.md").write_text("none")
    status, out, err = run("roms", folder)
    assert status == 1
    assert [line.split(" ")[1:4] for line in err] == [[game, "is", "missing:"] for game in THREE]
    for line, game in zip(err, THREE, strict=True):
        assert " or ".join(integrations.expected_sha1(game)) in line
        assert line.endswith(f"; none of the 1 files in {folder} is it")
    assert out == [f"{game}: not built, which takes the ROM of {ORIGINALS[game]}" for game in ORIGINALS]
    assert imported(sonic) == {}


def wrong_files(sonic: Sonic) -> dict[str, tuple[bytes, str]]:
    """By name, what may lie in the place of the first game's ROM, and what is said of it."""
    rom = sonic.roms[SONIC]
    altered = rom[:-1] + b"\0"
    return {
        "revision.bin": (
            OTHER,
            f"is another ROM: SONIC THE HEDGEHOG (GM 00001009-00), {ROM_SIZE} bytes, SHA-1 {sha1(OTHER)}",
        ),
        "altered.gen": (
            altered,
            f"is another ROM: SONIC THE HEDGEHOG (GM 00004049-01), {ROM_SIZE} bytes, SHA-1 {sha1(altered)}",
        ),
        "cut.md": (rom[:5000], f"is cut short: 5000 of the {ROM_SIZE} bytes of SONIC THE HEDGEHOG (GM 00004049-01)"),
        "cut.smd": (
            interleaved(rom)[:-999],
            f"is cut short: {ROM_SIZE - 0x4000} of the {ROM_SIZE} bytes of SONIC THE HEDGEHOG (GM 00004049-01)",
        ),
    }


@pytest.mark.parametrize("name", ["revision.bin", "altered.gen", "cut.md", "cut.smd"])
@pytest.mark.parametrize("is_packed", [False, True])
def test_another_rom_is_told_from_none(name: str, is_packed: bool, sonic: Sonic, folder: Path, run: Run) -> None:
    content, wanted = wrong_files(sonic)[name]
    where = folder / name
    if is_packed:
        with zipfile.ZipFile(folder / "a.zip", "w") as archive:
            archive.writestr(name, content)
        where = folder / f"a.zip: {name}"
    else:
        where.write_bytes(content)
    status, _, err = run("roms", folder, "SonicTheHedgehog-Genesis")
    assert status == 1
    assert len(err) == 1
    assert err[0].startswith(f"contest: {SONIC} is missing: wanted Sonic The Hedgehog, revision 01 (GM 00004049-01)")
    assert err[0].endswith(f"; {where} {wanted}")
    assert imported(sonic) == {}


def test_bytes_that_are_no_rom_are_listed(sonic: Sonic, folder: Path, run: Run) -> None:
    for number in range(7):
        (folder / f"{number}.bin").write_bytes(bytes([number]) * 100 + b"\0")
    status, out, err = run("roms", folder)
    assert status == 1
    assert all(line.endswith(f"none of the 7 files in {folder} is it") for line in err)
    listed = out[-1]
    assert f"{folder}/0.bin has no header of a Mega Drive ROM: 101 bytes, SHA-1 " in listed
    assert listed.endswith("; 2 more")


def test_what_was_not_looked_at_is_named_and_no_error(sonic: Sonic, folder: Path, run: Run) -> None:
    (folder / "1.bin").write_bytes(sonic.roms[SONIC])
    os.mkfifo(folder / "pipe.bin")
    (folder / "gone").symlink_to("nowhere")
    status, _, err = run("roms", folder, SONIC)
    assert status == 0
    assert err == [
        f"contest: {folder}/gone was not looked at: No such file or directory",
        f"contest: {folder}/pipe.bin was not looked at: neither a file nor a folder",
    ]


def test_a_folder_that_is_none(sonic: Sonic, tmp_path: Path, run: Run) -> None:
    (tmp_path / "file").write_text("no folder")
    for name, reason in {"file": "Not a directory", "nowhere": "No such file or directory"}.items():
        status, out, err = run("roms", tmp_path / name)
        assert (status, out) == (1, [])
        assert err == [f"contest: wanted a folder with ROMs, got {tmp_path / name}: {reason}"]


def test_a_game_that_is_none_of_the_contests(sonic: Sonic, folder: Path, run: Run) -> None:
    status, out, err = run("roms", folder, "Airstriker-Genesis")
    assert (status, out, len(err)) == (1, [], 1)
    assert err[0].startswith(f"contest: wanted one of {SONIC}, ")
    assert err[0].endswith("got 'Airstriker-Genesis'")


def test_a_rom_that_cannot_be_written_leaves_what_was_there(
    sonic: Sonic, folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    sonic.rom(SONIC).write_bytes(b"old")
    (folder / "1.bin").write_bytes(sonic.roms[SONIC])

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("common.files.os.fsync", full)
    status, _, err = run("roms", folder, SONIC)
    assert status == 1
    assert len(err) == 1
    assert err[0].startswith(
        f"contest: cannot write {sonic.rom(SONIC)}: No space left on device; RETRO_DATA_PATH can name"
    )
    assert imported(sonic) == {SONIC: b"old"}


def test_another_data_folder_without_the_integrations(sonic: Sonic, folder: Path, run: Run) -> None:
    shutil.rmtree(sonic.folder(SONIC))
    status, _, err = run("roms", folder)
    assert status == 1
    assert err == [f"contest: stable-retro has no integration of {SONIC} in {sonic.data}"]


def test_custom_levels_need_their_own_revision(sonic: Sonic, folder: Path, run: Run) -> None:
    """Two revisions of the third game are taken, and the patch is of one of them."""
    other = dummy_rom("SONIC & KNUCKLES", "GM MK-1563 -01")
    (sonic.folder(LOCKED_ON) / "rom.sha").write_text(f"{sha1(other)}\n{sha1(sonic.roms[LOCKED_ON])}\n")
    (folder / "other.bin").write_bytes(other)
    game = "SonicAndKnuckles3CustomKevin-Genesis"
    status, _, err = run("roms", folder, LOCKED_ON, game)
    assert status == 1
    assert len(err) == 1
    assert err[0].startswith(
        f"contest: {game} cannot be built: {sonic.folder(game)}/rom.delta is damaged or not a patch"
    )
    assert sha1(other) in err[0]
    assert imported(sonic) == {LOCKED_ON: other}
    (folder / "right.bin").write_bytes(sonic.roms[LOCKED_ON])
    status, out, err = run("roms", folder, game)
    assert (status, err) == (0, [])
    assert out[0] == f"{game}: built from {folder}/right.bin: {sonic.rom(game)}"


def test_custom_levels_alone_say_what_they_take(sonic: Sonic, folder: Path, run: Run) -> None:
    game = "SonicTheHedgehogCustomCathy-Genesis"
    status, out, err = run("roms", folder, game)
    assert (status, out, len(err)) == (1, [], 1)
    assert err[0].startswith(f"contest: {game} cannot be built: wanted Sonic The Hedgehog, revision 01")


# ---- where a game is started


def test_another_rom_is_refused_with_both_sums(sonic: Sonic, run: Run, tmp_path: Path) -> None:
    sonic.rom(SONIC).write_bytes(OTHER)
    line = (
        f"{sonic.rom(SONIC)} is another ROM than {SONIC}'s: wanted SHA-1 {sha1(sonic.roms[SONIC])}, got {sha1(OTHER)}; "
        "--any-rom goes on with it"
    )
    with pytest.raises(games.GameError, match=re.escape(line)):
        games.find(SONIC, "GreenHillZone.Act1")
    assert games.find(SONIC, "GreenHillZone.Act1", any_rom=True).game == SONIC
    assert run("serve", SONIC, "GreenHillZone.Act1") == (1, [], [f"contest: {line}"])
    levels = tmp_path / "levels.csv"
    levels.write_text(f"game,state\n{SONIC},GreenHillZone.Act1\n")
    words = ("evaluate", "--levels", levels, "--agent", "true", "--results", tmp_path / "results")
    assert run(*words) == (1, [], [f"contest: {levels}, line 2: {line}"])
    assert SONIC not in run("list", "games", "--playable")[1]
    sonic.rom(SONIC).write_bytes(sonic.roms[SONIC])
    assert SONIC in run("list", "games", "--playable")[1]


def test_random_bytes_are_refused(sonic: Sonic, run: Run) -> None:
    sonic.rom(SONIC).write_bytes(bytes(range(250)) * 20)
    assert run("serve", SONIC)[0] == 1


def test_fernways_rom_is_checked_too(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from stable_retro import data

    import fernway

    copy = tmp_path / fernway.GAME
    shutil.copytree(fernway.INTEGRATION, copy)
    (copy / "rom.md").write_bytes(fernway.ROM.read_bytes()[:-1] + b"?")
    data.Integrations.clear_custom_paths()
    data.add_custom_integration(str(tmp_path))
    try:
        status, _, err = run("serve", fernway.GAME)
        assert status == 1
        assert len(err) == 1
        assert f"wanted SHA-1 {sha1(fernway.ROM.read_bytes())}, got " in err[0]
    finally:
        data.Integrations.clear_custom_paths()
        data.DefaultIntegrations.reset()


@pytest.mark.parametrize("game", [SONIC, "SonicTheHedgehog2CustomKevin-Genesis"])
def test_a_missing_rom_names_the_command_that_gets_it(game: str, sonic: Sonic, run: Run) -> None:
    how = "`python -m contest roms DIR` imports or builds it, DIR the folder of the contest's ROMs"
    assert run("serve", game) == (1, [], [f"contest: the ROM of {game} is missing: {how}"])


def test_scores_of_another_rom_are_kept_apart(sonic: Sonic, run: Run, tmp_path: Path) -> None:
    """Two runs of the whole evaluation: on another ROM, then, in the same folder, on the right one."""
    sonic.rom(SONIC).write_bytes(OTHER)
    levels = tmp_path / "levels.csv"
    levels.write_text(f"game,state\n{SONIC},GreenHillZone.Act1\n")
    agent = "{python} -m agent --mode random --seed {seed}"
    words = (
        "evaluate",
        "--levels",
        levels,
        "--agent",
        agent,
        "--timesteps",
        20,
        "--seeds",
        1,
        "--results",
        tmp_path / "out",
    )
    status, _, err = run(*words, "--any-rom")
    assert status == 0, err
    sonic.rom(SONIC).write_bytes(sonic.roms[SONIC])
    status, _, err = run(*words)
    assert status == 1
    assert f"was made with ROM '{sha1(OTHER)}', this is None" in err[-1]


def test_every_game_with_a_patch_is_known() -> None:
    from stable_retro import data

    patched = {path.parent.name for path in Path(data.path()).glob("*/*/rom.delta")}
    assert patched == set(custom.ORIGINALS)
