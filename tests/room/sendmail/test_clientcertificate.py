"""Client certificates from the configuration; what is wrong is told, and no secret with it."""

import base64
import dataclasses
from pathlib import Path

import pytest

from mox.sendmail import SendmailError, read_client_certificate
from moxkit.testing import make_certificate
from room.sendmail.test_prepare import CONFIG

CERTIFICATE, KEY = make_certificate("box", "p256")
OTHER = make_certificate("other", "p256")
SEED = base64.urlsafe_b64encode(bytes(range(32))).decode().rstrip("=")


def test_a_password_needs_none() -> None:
    assert read_client_certificate(CONFIG) is None


def test_a_seed_becomes_a_certificate() -> None:
    config = dataclasses.replace(CONFIG, password="", client_auth_ed25519_private_key=SEED)
    pair = read_client_certificate(config)
    assert pair is not None
    assert pair[0].startswith(b"-----BEGIN CERTIFICATE-----")


@pytest.mark.parametrize("seed", ["zebra", SEED[:-4], SEED + "AAAA", SEED[:-1] + "!"])
def test_a_bad_seed_is_not_shown(seed: str) -> None:
    config = dataclasses.replace(CONFIG, password="", client_auth_ed25519_private_key=seed)
    with pytest.raises(SendmailError) as refused:
        read_client_certificate(config)
    assert seed not in str(refused.value)


@pytest.mark.parametrize(
    "content", [KEY + CERTIFICATE, b"\n" + CERTIFICATE + KEY, KEY + CERTIFICATE + OTHER[0]]
)
def test_a_file_with_both(tmp_path: Path, content: bytes) -> None:
    pair = read(tmp_path, content)
    assert pair is not None
    assert pair[1].strip() == KEY.strip()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (KEY, "one private key and its certificate"),
        (CERTIFICATE, "one private key and its certificate"),
        (KEY + KEY + CERTIFICATE, "one private key and its certificate"),
        (KEY + CERTIFICATE + b"leftover", "something else"),
        (KEY.replace(b"PRIVATE", b"EC PRIVATE") + CERTIFICATE, "PKCS#8"),
        (KEY + OTHER[0], "belong together"),
        (b"", "one private key"),
    ],
)
def test_what_is_wrong_with_a_file(tmp_path: Path, content: bytes, problem: str) -> None:
    with pytest.raises(SendmailError, match=problem):
        read(tmp_path, content)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    config = dataclasses.replace(
        CONFIG, password="", client_auth_cert_private_key_pem_file=str(tmp_path / "none.pem")
    )
    with pytest.raises(SendmailError, match="No such file"):
        read_client_certificate(config)


def read(directory: Path, content: bytes) -> tuple[bytes, bytes] | None:
    file = directory / "client.pem"
    file.write_bytes(content)
    return read_client_certificate(
        dataclasses.replace(CONFIG, password="", client_auth_cert_private_key_pem_file=str(file))
    )
