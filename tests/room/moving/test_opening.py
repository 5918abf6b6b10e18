"""Archives as entries: all ways to pack, all ways to be broken."""

import gzip
import io
import random
import struct
import tarfile
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings, strategies as st

from mox.moving.entries import Budget, Entry, EntryKind, read_pieces
from mox.moving.errors import ArchiveError, EntryError
from mox.moving.opening import check_archive, open_archive
from mox.moving.zipreading import read_zip
from room.moving.archives import WAYS, make_archive

FILES = {"a": None, "a/b.mbox": b"From x\n\n" * 1000, "c": b"", "ü/d": b"x" * 1000, "long" * 40: b"y"}


def read(path: Path, name: str | None = None) -> list[tuple[str, bytes | None]]:
    found: list[tuple[str, bytes | None]] = []
    with open_archive(path, name) as archive:
        for entry in archive.entries:
            is_file = entry.kind is EntryKind.FILE
            found.append((entry.name, b"".join(read_pieces(entry.open())) if is_file else None))
    return found


def entries(path: Path) -> list[Entry]:
    with open_archive(path) as archive:
        return list(archive.entries)


@pytest.mark.parametrize("way", WAYS)
def test_all_ways_to_pack_give_the_same(tmp_path: Path, way: str) -> None:
    path = make_archive(tmp_path / "x", FILES, way)
    found = dict(read(path))
    # A directory on disk has those above its files, too.
    found.pop("ü/", None)
    assert found == {(name if octets is not None else f"{name}/"): octets for name, octets in FILES.items()}


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_forms_of_tar(tmp_path: Path, form: int) -> None:
    path = tmp_path / "x.tar"
    name = "d" * 90 + "/" + "n" * 90
    with tarfile.open(path, "w", format=form) as archive:
        member = tarfile.TarInfo(name)
        member.size, member.mtime = 3, 1_500_000_000
        archive.addfile(member, io.BytesIO(b"abc"))
        if form != tarfile.USTAR_FORMAT:
            member = tarfile.TarInfo("ü" * 300)
            archive.addfile(member)
    found = entries(path)
    assert found[0].name == name
    assert found[0].modified_at == 1_500_000_000
    assert [each.name for each in found[1:]] in ([], ["ü" * 300])


def test_links_and_devices_are_passed_over(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
            member = tarfile.TarInfo("cur/1")
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)
    assert [(each.kind, bool(each.trouble)) for each in entries(tmp_path / "x.tar")] == [
        (EntryKind.OTHER, True)
    ] * 4
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as packed:
        info = zipfile.ZipInfo("cur/1")
        info.create_system, info.external_attr = 3, 0o120777 << 16
        packed.writestr(info, "/etc/passwd")
    assert entries(tmp_path / "x.zip")[0].trouble == "symbolic links are not followed"
    (tmp_path / "d" / "cur").mkdir(parents=True)
    (tmp_path / "d" / "cur" / "1").symlink_to("/etc/passwd")
    (tmp_path / "d" / "loop").symlink_to("..")
    assert [each.kind for each in entries(tmp_path / "d") if each.kind is not EntryKind.DIRECTORY] == [
        EntryKind.OTHER,
        EntryKind.OTHER,
    ]


def test_single_files_of_mail(tmp_path: Path) -> None:
    for name, octets, entry in (
        ("a.mbox", b"From x\n\n", "a.mbox"),
        ("mbox", b"From x\n\n", "mbox.mbox"),
        ("b.eml", b"Subject: x\n\n", "b.eml"),
        ("a.mbox.gz", gzip.compress(b"From x\n\n"), "a.mbox"),
        ("empty.mbox", b"", "empty.mbox"),
    ):
        (tmp_path / name).write_bytes(octets)
        [(found, _)] = read(tmp_path / name)
        assert found == entry
    assert read(tmp_path / "a.mbox", "../../dir\\other.mbox")[0][0] == "other.mbox"


WRONG = [
    b"",
    b"\x89PNG\r\n\x1a\n" + bytes(600),
    b"Subject: no name says what this is\n\n",
    gzip.compress(b"hello"),
    b"\x1f\x8bgarbage",
    b"\x28\xb5\x2f\xfdgarbage",
    b"PK\x03\x04" + bytes(100),
    b"PK\x05\x06" + bytes(3),
    bytes(512)[:100],
]


@pytest.mark.parametrize("octets", WRONG)
def test_what_is_no_archive(tmp_path: Path, octets: bytes) -> None:
    (tmp_path / "x").write_bytes(octets)
    with pytest.raises(ArchiveError):
        check_archive(tmp_path / "x")


@pytest.mark.parametrize("way", ["zip", "tar", "tgz", "tar.zst"])
def test_truncated_anywhere(tmp_path: Path, way: str) -> None:
    chance = random.Random(1)
    files = {f"{n}/cur/1": chance.randbytes(3000) for n in range(5)}
    whole = make_archive(tmp_path / "x", files, way).read_bytes()
    # Behind its end mark a tar file has nothing but zeros.
    for end in range(100, len(whole.rstrip(b"\0")), 997):
        (tmp_path / "y").write_bytes(whole[:end])
        with pytest.raises((ArchiveError, EntryError)):
            read(tmp_path / "y")


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["zip", "zip-stored", "tar", "tgz", "tar.zst"]), st.data())
def test_damaged_anywhere(tmp_path_factory: pytest.TempPathFactory, way: str, data: st.DataObject) -> None:
    path = tmp_path_factory.mktemp("damaged") / "x"
    octets = bytearray(make_archive(path, FILES, way).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        octets[data.draw(st.integers(0, len(octets) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(octets)
    try:
        with open_archive(path) as archive:
            for entry in archive.entries:
                if entry.kind is EntryKind.FILE:
                    try:
                        for _ in read_pieces(entry.open()):
                            pass
                    except EntryError:
                        pass
    except ArchiveError:
        pass


def test_damage_in_a_zip_file_is_one_entrys(tmp_path: Path) -> None:
    path = make_archive(tmp_path / "x", {"a": b"a" * 100, "b": b"b" * 100}, "zip-stored")
    octets = path.read_bytes()
    path.write_bytes(octets.replace(b"a" * 100, b"a" * 99 + b"x"))
    with open_archive(path) as archive:
        first, second = archive.entries
        with pytest.raises(EntryError, match="checksum"):
            list(read_pieces(first.open()))
        assert list(read_pieces(second.open())) == [b"b" * 100]


def test_zip_files_others_write(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with path.open("wb") as file:
        file.write(b"#!/bin/sh\nexit\n")
        with zipfile.ZipFile(file, "w") as packed, packed.open("big", "w", force_zip64=True) as entry:
            entry.write(b"x" * 1000)
    with zipfile.ZipFile(path, "a") as packed:
        packed.comment = b"PK\x01\x02 a comment"
        packed.writestr("b", "y")
    octets = path.read_bytes()
    path.write_bytes(b"PK\x03\x04" + octets[4:])
    assert read(path) == [("big", b"x" * 1000), ("b", b"y")]


def test_encrypted_and_unknown_methods(tmp_path: Path) -> None:
    path = make_archive(tmp_path / "x", {"a": b"a"}, "zip")
    octets = path.read_bytes()
    central = octets.index(b"PK\x01\x02")
    for at, value, trouble in ((8, 1, "it is encrypted"), (10, 12, "method 12")):
        changed = bytearray(octets)
        struct.pack_into("<H", changed, central + at, value)
        path.write_bytes(changed)
        [entry] = entries(path)
        assert trouble in entry.trouble


def unpack(entries: Iterator[Entry]) -> None:
    for entry in entries:
        for _ in read_pieces(entry.open()):
            pass


def test_bombs_are_not_unpacked(tmp_path: Path) -> None:
    header = tarfile.TarInfo("a")
    header.size = 1_200_000_000
    with (tmp_path / "x").open("wb") as file, zstandard.ZstdCompressor().stream_writer(file) as writer:
        writer.write(header.tobuf())
        for _ in range(header.size // (1 << 20)):
            writer.write(bytes(1 << 20))
    with pytest.raises(ArchiveError, match="100 times"), open_archive(tmp_path / "x") as archive:
        unpack(archive.entries)


def test_bombs_of_overlapping_entries(tmp_path: Path) -> None:
    path = make_archive(tmp_path / "x", {f"{n:03}": bytes(100_000) for n in range(200)}, "zip")
    octets = bytearray(path.read_bytes())
    at = octets.index(b"PK\x01\x02")
    for _ in range(200):
        # All of them are the first.
        struct.pack_into("<L", octets, at + 42, 0)
        at += 46 + 3
    path.write_bytes(octets)
    with path.open("rb") as file, pytest.raises(ArchiveError, match="100 times"):
        unpack(read_zip(file, Budget(len(octets), unsuspicious_octets=1 << 20)))


@pytest.mark.parametrize("way", ["zip-stored", "tar"])
def test_many_entries_take_no_memory(tmp_path: Path, way: str) -> None:
    path = make_archive(tmp_path / "x", {f"box/cur/{n}.x.y:2,S": b"" for n in range(10_000)}, way)
    tracemalloc.start()
    with open_archive(path) as archive:
        number = sum(1 for _ in archive.entries)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert number == 10_000
    assert peak < 1 << 20


def test_pax_headers_that_are_broken_or_huge(tmp_path: Path) -> None:
    for content in (b"99 path=x\n", b"x", b"11 size=-1\n", b"9 pathx\n", b"20 GNU.sparse.size=9"):
        header = tarfile.TarInfo("x")
        header.type, header.size = tarfile.XHDTYPE, len(content)
        (tmp_path / "x.tar").write_bytes(header.tobuf() + content.ljust(512, b"\0") + bytes(1024))
        with pytest.raises(ArchiveError):
            read(tmp_path / "x.tar")
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, 1 << 30
    (tmp_path / "x.tar").write_bytes(header.tobuf() + bytes(1024))
    with pytest.raises(ArchiveError, match="too large"):
        read(tmp_path / "x.tar")
