"""What is found in a folder of ROMs, and what is left alone."""

import os
import zipfile
from pathlib import Path

import pytest
from sonic import dummy_rom, interleaved

from contest.remote import rom_files
from contest.remote.rom_files import ARCHIVE_MAX, ROM_MAX, Cartridge, RomFile, Unread, deinterleaved, look_through

ROM = dummy_rom("A GAME", "GM 12345678-00", size=0x8000)


def looked(folder: Path) -> tuple[dict[str, bytes], dict[str, str]]:
    """What was found, by its name in the folder, and why the rest was not."""
    found, unread = {}, {}
    for item in look_through(folder):
        name = item.name.removeprefix(f"{folder}/")
        if isinstance(item, RomFile):
            found[name] = item.content
        else:
            unread[name] = item.reason
    return found, unread


def test_interleaved_files_are_read_as_the_console_sees_them() -> None:
    file = RomFile(name="a.smd", content=interleaved(ROM))
    assert file.content[512:] != ROM, "it is interleaved"
    assert list(file.readings())[-1] == ROM
    assert deinterleaved(file.content[512:]) == ROM
    # By hand: 0x4000 bytes, the odd ones 1, 3, 5... first.
    block = bytes(range(1, 256, 2)) * 64 + bytes(range(0, 256, 2)) * 64
    assert deinterleaved(block) == bytes(range(256)) * 64


def test_a_cut_interleaved_file_gives_its_whole_blocks() -> None:
    cut = interleaved(ROM)[: 512 + 0x4000 + 100]
    assert list(RomFile(name="a.smd", content=cut).readings())[-1] == ROM[:0x4000]


def test_a_file_without_copier_is_read_as_it_is() -> None:
    assert list(RomFile(name="a.bin", content=ROM[:1000]).readings()) == [ROM[:1000]]


def test_headers_are_read() -> None:
    header = Cartridge.of(dummy_rom("SONIC THE               HEDGEHOG", "GM 00004049-01"))
    assert header == Cartridge(title="SONIC THE HEDGEHOG", serial="GM 00004049-01", size=1 << 17)
    assert Cartridge.of(b"") is None
    assert Cartridge.of(bytes(0x200)) is None
    ugly = dummy_rom("A\x1b[2JB\n\xe9C", "\x07" * 14)
    assert Cartridge.of(ugly) == Cartridge(title="A [2JB C", serial="", size=1 << 17), "nothing upsets a terminal"


def test_everything_small_enough_is_looked_at(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d"] * 300)
    deep.mkdir(parents=True)
    for path in (tmp_path / "b.bin", tmp_path / "a.MD", tmp_path / "no suffix", deep / "c.gen"):
        path.write_bytes(path.name.encode())
    with zipfile.ZipFile(tmp_path / "z.ZIP", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("in/one.smd", b"one")
        archive.writestr("two.bin", b"two")
        archive.mkdir("empty")
    found, unread = looked(tmp_path)
    assert not unread
    assert list(found.values()) == [b"a.MD", b"b.bin", b"c.gen", b"no suffix", b"one", b"two"]
    assert "z.ZIP: in/one.smd" in found


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.bin")
    (tmp_path / "gone.bin").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "here").symlink_to(tmp_path)  # not followed: it would never end
    (tmp_path / "ok.bin").write_bytes(b"ok")
    found, unread = looked(tmp_path)
    assert found == {"ok.bin": b"ok"}
    assert unread == {
        "gone.bin": "No such file or directory",
        "loop": "Too many levels of symbolic links",
        "pipe.bin": "neither a file nor a folder",
    }


def test_names_are_lines_that_a_terminal_can_show(tmp_path: Path) -> None:
    (tmp_path / "two\nlines\x1b[2J.bin").write_bytes(b"1")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.bin")).write_bytes(b"2")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("b\x07\n.bin", b"3")
    found, _ = looked(tmp_path)
    assert found == {"a.zip: b??.bin": b"3", "two?lines?[2J.bin": b"1", "??.bin": b"2"}


def test_a_folder_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    (tmp_path / "open.bin").write_bytes(b"open")
    real = Path.iterdir

    def iterdir(path: Path) -> object:  # the superuser, whom tests may run as, may read everything
        if path == closed:
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    assert looked(tmp_path) == ({"open.bin": b"open"}, {"closed": "Permission denied"})
    with pytest.raises(PermissionError):
        list(look_through(closed))


def test_what_is_too_large_for_a_rom_is_left_alone(tmp_path: Path) -> None:
    for name, size in (("film.mp4", ROM_MAX + 1), ("large.bin", ROM_MAX + 1), ("most.bin", ROM_MAX)):
        with (tmp_path / name).open("wb") as file:
            file.truncate(size)
    with (tmp_path / "many.zip").open("wb") as file:
        file.truncate(ARCHIVE_MAX + 1)
    found, unread = looked(tmp_path)
    assert list(found) == ["most.bin"]
    assert unread == {
        "large.bin": f"{ROM_MAX + 1} bytes, and at most {ROM_MAX} are looked at",
        "many.zip": f"{ARCHIVE_MAX + 1} bytes, and at most {ARCHIVE_MAX} are looked at",
    }


def test_archives_that_unpack_to_too_much_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rom_files, "ROM_MAX", 10_000)
    monkeypatch.setattr(rom_files, "ARCHIVE_MAX", 25_000)
    for name, sizes in {"much.zip": [9000, 9000, 9000], "one.zip": [10_001, 5]}.items():
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as archive:
            for number, size in enumerate(sizes):
                archive.writestr(f"{number}.bin", bytes(size))
    found, unread = looked(tmp_path)
    assert list(found) == ["one.zip: 1.bin"]
    assert unread == {
        "much.zip": "unpacked, 27000 bytes, and at most 25000 are looked at",
        "one.zip: 0.bin": "10001 bytes, and at most 10000 are looked at",
    }


def test_an_archive_that_lies_about_its_sizes_unpacks_no_more_than_it_says(tmp_path: Path) -> None:
    size = 3 * ROM_MAX + 12_345
    with zipfile.ZipFile(tmp_path / "lie.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.bin", bytes(size))
    content = (tmp_path / "lie.zip").read_bytes()
    assert content.count(size.to_bytes(4, "little")) == 2, "in both headers of the file"
    (tmp_path / "lie.zip").write_bytes(content.replace(size.to_bytes(4, "little"), (100).to_bytes(4, "little")))
    found, unread = looked(tmp_path)
    assert not found
    assert "Bad CRC-32" in unread["lie.zip: bomb.bin"]


def test_archives_that_cannot_be_unpacked_are_named(tmp_path: Path) -> None:
    (tmp_path / "none.zip").write_bytes(b"PK\x03\x04 and no more")
    with zipfile.ZipFile(tmp_path / "some.zip", "w") as archive:
        archive.writestr("in.zip", b"x")
        archive.writestr("odd.bin", b"x", zipfile.ZIP_BZIP2)
        archive.writestr("secret.bin", b"x")
    content = bytearray((tmp_path / "some.zip").read_bytes())
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.rindex(mark) + flags] |= 1  # the last file's: encrypted
    (tmp_path / "some.zip").write_bytes(content)
    found, unread = looked(tmp_path)
    assert not found
    assert unread == {
        "none.zip": "a broken archive: File is not a zip file",
        "some.zip: in.zip": "an archive in an archive: unpack it",
        "some.zip: odd.bin": "packed otherwise than by deflate: unpack it",
        "some.zip: secret.bin": "encrypted: unpack it",
    }


def test_no_broken_byte_of_an_archive_gets_through(tmp_path: Path) -> None:
    """Whatever is wrong with an archive, its files come out as they were or not at all."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.bin", b"abcabcabc" * 5)
    whole = path.read_bytes()
    for index in range(len(whole)):
        for value in (0, 255, whole[index] ^ 1):
            path.write_bytes(whole[:index] + bytes([value]) + whole[index + 1 :])
            for item in look_through(tmp_path):
                assert isinstance(item, Unread) or item.content == b"abcabcabc" * 5
