"""Files that are replaced: told once, when they are still, and not in the middle."""

from pathlib import Path

from mox.runtime import FileWatch


def replace(path: Path, octets: bytes) -> None:
    made = path.with_suffix(".new")
    made.write_bytes(octets)
    made.rename(path)


def test_a_replaced_pair_is_told_once_when_it_is_still(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key", tmp_path / "cert"
    for each in (key, certificate):
        each.write_bytes(b"old")
    watch = FileWatch([key, certificate, key])
    assert not watch.has_changed()
    replace(key, b"new key")
    assert not watch.has_changed()
    replace(certificate, b"new certificate")
    assert not watch.has_changed()
    assert watch.has_changed()
    assert not watch.has_changed()


def test_a_file_that_is_gone_is_waited_for(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_bytes(b"old")
    watch = FileWatch([key])
    key.unlink()
    assert not any(watch.has_changed() for _ in range(3))
    key.write_bytes(b"new")
    assert [watch.has_changed() for _ in range(3)] == [False, True, False]
