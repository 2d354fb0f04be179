"""Looks through a folder for ROMs of the Mega Drive: loose files, archives, interleaved files; reads their headers.

The files are somebody else's: their sizes are checked before anything is read, and nothing is written.
"""

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROM_MAX = 8 << 20
"""Bytes of a ROM at most: twice the contest's largest game. What is larger is not read."""

ARCHIVE_MAX = 128 << 20
"""Bytes of an archive at most, packed and unpacked."""

SUFFIXES = frozenset((".bin", ".gen", ".md", ".smd"))
"""File names that Mega Drive ROMs go by; others are looked at too, but not missed."""

SMD_HEADER = 512
"""Bytes before the ROM in a Super Magic Drive's file."""

SMD_MARK = b"\xaa\xbb"
"""The ninth and tenth byte of that header."""

SMD_BLOCK = 1 << 14
"""Bytes that a Super Magic Drive's file takes apart at a time: the odd ones first, then the even ones."""

_BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, LookupError, RuntimeError, ValueError)
"""What zipfile raises over broken archives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RomFile:
    """A file that may be a ROM."""

    name: str
    """Its path; in an archive, the archive's path and the name in it."""

    content: bytes
    """Its bytes."""

    @property
    def is_named_as_rom(self) -> bool:
        """Whether its name is that of a Mega Drive ROM."""
        return Path(self.name).suffix.lower() in SUFFIXES

    def readings(self) -> Iterator[bytes]:
        """Yields the ROMs that the content may mean: as it is, without a copier's header, de-interleaved."""
        yield self.content
        body = self.content[SMD_HEADER:]
        if len(body) % SMD_BLOCK == 0 or self.content[8:10] == SMD_MARK:
            yield body
            yield deinterleaved(body)
        elif len(self.content) % SMD_BLOCK == 0:
            yield deinterleaved(self.content)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """Something that could not be looked at."""

    name: str
    """Its path, as in RomFile."""

    reason: str
    """Why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cartridge:
    """The header of a Mega Drive ROM."""

    title: str
    """Name of the game outside Japan, its words divided by single spaces."""

    serial: str
    """Kind, product code and revision."""

    size: int
    """Bytes of the ROM."""

    @classmethod
    def of(cls, rom: bytes) -> "Cartridge | None":
        """Reads a ROM's header; None if it has none. Source: Sega's layout of the 256 bytes from 0x100 on."""
        if rom[0x100:0x104] != b"SEGA" or len(rom) < 0x200:
            return None
        title, serial = (_printable(rom[begin:end]) for begin, end in ((0x150, 0x180), (0x180, 0x18E)))
        return cls(title=title, serial=serial, size=int.from_bytes(rom[0x1A4:0x1A8]) + 1)

    def text(self, rom: bytes, sha1: str) -> str:
        """Says what a ROM with this header is, as the end of a sentence."""
        if len(rom) < self.size:
            return f"is cut short: {len(rom)} of the {self.size} bytes of {self.title} ({self.serial})"
        return f"is another ROM: {self.title} ({self.serial}), {len(rom)} bytes, SHA-1 {sha1}"


def deinterleaved(content: bytes) -> bytes:
    """Puts the bytes of a Super Magic Drive's file, without its header, in the order that the console sees.

    Args:
        content: Blocks of SMD_BLOCK bytes; a last one that is cut short is left out.
    """
    half, size = SMD_BLOCK // 2, len(content) // SMD_BLOCK * SMD_BLOCK
    rom = bytearray(size)
    for begin in range(0, size, SMD_BLOCK):
        block = content[begin : begin + SMD_BLOCK]
        rom[begin + 1 : begin + SMD_BLOCK : 2] = block[:half]
        rom[begin : begin + SMD_BLOCK : 2] = block[half:]
    return bytes(rom)


def look_through(folder: Path) -> Iterator[RomFile | Unread]:
    """Yields every file of a folder and of the folders in it that is small enough for a ROM, in the order of their names.

    Links to folders are not followed.

    Raises:
        OSError: If the folder itself cannot be read.
    """
    pending = sorted(folder.iterdir(), reverse=True)
    while pending:
        path = pending.pop()
        try:
            mode = path.stat().st_mode
            if stat.S_ISREG(mode):
                yield from _look_into(path)
            elif not stat.S_ISDIR(mode):  # opening a pipe would wait for ever
                yield Unread(name=_shown(path), reason="neither a file nor a folder")
            elif not path.is_symlink():
                pending += sorted(path.iterdir(), reverse=True)
        except OSError as error:
            yield Unread(name=_shown(path), reason=error.strerror or str(error))


def _look_into(path: Path) -> Iterator[RomFile | Unread]:
    """Yields a file, or what is in it if it is an archive.

    Raises:
        OSError: If it cannot be read.
    """
    is_archive = path.suffix.lower() == ".zip"
    limit = ARCHIVE_MAX if is_archive else ROM_MAX
    if (size := path.stat().st_size) > limit:
        if is_archive or path.suffix.lower() in SUFFIXES:
            yield Unread(name=_shown(path), reason=_too_large(size, limit))
    elif is_archive:
        yield from _unpack(path)
    else:
        with path.open("rb") as file:
            yield RomFile(name=_shown(path), content=file.read(ROM_MAX))


def _unpack(path: Path) -> Iterator[RomFile | Unread]:
    """Yields what is in an archive, one file at a time.

    Raises:
        OSError: If it cannot be read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if (size := sum(entry.file_size for entry in entries)) > ARCHIVE_MAX:
                yield Unread(name=_shown(path), reason=f"unpacked, {_too_large(size, ARCHIVE_MAX)}")
                return
            for entry in sorted(entries, key=lambda entry: entry.filename):
                yield from _entry(archive, entry, _shown(f"{path}: {entry.filename}"))
    except _BROKEN as error:
        yield Unread(name=_shown(path), reason=_shown(f"a broken archive: {error}"))


def _entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> Iterator[RomFile | Unread]:
    """Yields a file of an archive."""
    suffix = Path(entry.filename).suffix.lower()
    if suffix == ".zip":
        yield Unread(name=name, reason="an archive in an archive: unpack it")
    elif entry.file_size > ROM_MAX:
        if suffix in SUFFIXES:
            yield Unread(name=name, reason=_too_large(entry.file_size, ROM_MAX))
    elif entry.flag_bits & 1:
        yield Unread(name=name, reason="encrypted: unpack it")
    elif entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # zipfile unpacks these without a bound
        yield Unread(name=name, reason="packed otherwise than by deflate: unpack it")
    else:
        try:
            with archive.open(entry) as file:
                yield RomFile(name=name, content=file.read(ROM_MAX))
        except (*_BROKEN, OSError) as error:
            yield Unread(name=name, reason=_shown(f"cannot be unpacked: {error}"))


def _shown(text: object) -> str:
    """Turns a name into one line that any terminal can show."""
    return "".join(letter if letter.isprintable() else "?" for letter in str(text))


def _too_large(size: int, limit: int) -> str:
    """Says why a file is left alone."""
    return f"{size} bytes, and at most {limit} are looked at"


def _printable(text: bytes) -> str:
    """Reads a header's text: printable characters, its words divided by single spaces."""
    return " ".join("".join(chr(code) if 32 <= code < 127 else " " for code in text).split())
