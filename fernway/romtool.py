"""Finishes a linked ROM (header, size, checksum) and checks its machine code for operands the 68000 cannot read."""

import argparse
import hashlib
import re
import struct
import sys
from pathlib import Path

CHECKSUM_AT, LAST_BYTE_AT, HEADER_END = 0x18E, 0x1A4, 0x200
SMALLEST = 1 << 16


def finish(code: bytes) -> bytes:
    """Pads code to a power of two and fills in the header's end address and checksum.

    Raises:
        ValueError: If there is no Mega Drive header at 0x100.
    """
    if code[0x100:0x110] != b"SEGA MEGA DRIVE ":
        raise ValueError("the linked code has no Mega Drive header at 0x100")
    size = max(SMALLEST, 1 << (len(code) - 1).bit_length())
    rom = bytearray(code.ljust(size, b"\0"))
    struct.pack_into(">I", rom, LAST_BYTE_AT, size - 1)
    words = struct.unpack(f">{(size - HEADER_END) // 2}H", rom[HEADER_END:])
    struct.pack_into(">H", rom, CHECKSUM_AT, sum(words) & 0xFFFF)
    return bytes(rom)


def odd_operands(listing: str) -> list[str]:
    """Finds word and long operands at odd addresses in the output of `objdump -d`.

    Those are what gcc 12 makes of some narrowing shifts; a real 68000 stops at them, an emulator may read garbage.
    """
    found = []
    for line in listing.splitlines():
        match = re.match(r"\s*([0-9a-f]+):\t[0-9a-f ]+\t(\w+)\s+(.*)", line)
        if not match or int(match[1], 16) < HEADER_END:
            continue
        mnemonic = match[2]
        if (
            not mnemonic.endswith(("w", "l"))
            or mnemonic in {"pea", "peal"}
            or mnemonic.startswith(("lea", "b", "db", "j"))
        ):
            continue
        operands = re.sub(r"#-?\w+", "#", re.sub(r"<[^>]*>", "", match[3]))
        displacements = [int(d) for d in re.findall(r"@\((-?\d+)[,)]", operands)]
        addresses = [int(a, 16) for a in re.findall(r"(?<![#%\w@-])(?:0x)?([0-9a-f]{4,8})\b", operands)]
        if any(value & 1 for value in displacements + addresses):
            found.append(line.strip())
    return found


def main() -> int:
    """`romtool.py CODE.bin LISTING OUT.md`: writes OUT.md and OUT's SHA-1 beside it as rom.sha."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("code", type=Path)
    parser.add_argument("listing", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    odd = odd_operands(arguments.listing.read_text(encoding="utf-8"))
    if odd:
        sys.stderr.write("word or long operands at odd addresses:\n" + "\n".join(odd) + "\n")
        return 1
    rom = finish(arguments.code.read_bytes())
    arguments.out.write_bytes(rom)
    arguments.out.with_suffix(".sha").write_text(hashlib.sha1(rom).hexdigest() + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
