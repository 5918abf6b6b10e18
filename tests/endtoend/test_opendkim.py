"""Agreement with OpenDKIM about signatures, in both directions, over messages of many kinds."""

import random
import re
import subprocess
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path

import pytest

from kit.dkim.keyring import DOMAIN, KEYS, NOW, zone
from moxkit.dkim import (
    Canonicalization,
    SigningKey,
    Status,
    encode_private_key,
    key_type_of,
    public_record,
    sign,
    verify,
)
from moxkit.domain import parse_domain
from moxkit.testing import FakeResolver

pytestmark = pytest.mark.endtoend

WORDS = ["a", "mail", "=20", "x;y", "b=", "grüße", "日本", "(c)", '"q"', "1", "--", "."]
GAPS = [" ", "  ", "\t", " \t ", "\r\n ", "\r\n\t  "]
NAMES = ["To", "CC", "Subject", "Date", "X-Test", "List-Id", "MIME-Version", "Comments", "Reply-To"]
ENDS = ["", "", "\r\n", "\r\n\r\n\r\n", " \r\n\t\r\n"]
FORMS = list(product(Canonicalization, Canonicalization))
Program = Callable[[str, str], str]


def letter(seed: int) -> bytes:
    """Make a message; the same for the same seed."""
    chosen = random.Random(seed)
    fields = ["From: Joe  <joe@mox.example>"]
    for name in chosen.sample(NAMES, chosen.randrange(7)):
        words = chosen.choices(WORDS, k=chosen.randrange(1, 6))
        value = words[0] + "".join(chosen.choice(GAPS) + word for word in words[1:])
        fields.append(f"{name}: {value}")
    chosen.shuffle(fields)
    lines = [
        "".join(chosen.choices([*WORDS, " ", "  ", "\t"], k=chosen.randrange(8)))
        for _ in range(chosen.randrange(9))
    ]
    body = "".join(line + "\r\n" for line in lines) + chosen.choice(ENDS)
    return ("\r\n".join(fields) + "\r\n\r\n" + body).encode()


def run_opendkim(program: str, directory: Path, settings: Sequence[str], messages: Sequence[bytes]) -> bytes:
    """Run its test mode over messages; return what it says it would do to them."""
    configuration = directory / "opendkim.conf"
    configuration.write_text("\n".join(["Syslog no", "RequireSafeKeys no", *settings, ""]))
    files = []
    for number, message in enumerate(messages):
        file = directory / f"message{number}"
        file.write_bytes(message)
        files.append(str(file))
    done = subprocess.run(
        [program, "-x", configuration, "-vv", "-t", ",".join(files)],
        capture_output=True,
        timeout=120,
        check=True,
    )
    return done.stdout


def test_opendkim_accepts_what_we_sign(program: Program, tmp_path: Path) -> None:
    opendkim = program("opendkim", "opendkim")
    published = tmp_path / "keys"
    published.write_text(
        "".join(f"{name}._domainkey.mox.example {public_record(key)}\n" for name, key in KEYS.items())
    )
    messages = []
    for seed in range(200):
        header, body = FORMS[seed % len(FORMS)]
        keys = [
            SigningKey(
                selector=parse_domain(name),
                private_key=key,
                header_canonicalization=header,
                body_canonicalization=body,
            )
            for name, key in KEYS.items()
        ]
        message = letter(seed)
        messages.append(sign(message, domain=DOMAIN, keys=keys, now=NOW) + message)
    # That it can say no as well.
    messages.append(messages[1].replace(b"joe@mox.example", b"eve@mox.example"))
    said = run_opendkim(opendkim, tmp_path, ["Mode v", f"TestPublicKeys {published}"], messages)
    *found, changed = said.split(b"### INSHEADER:")[1:]
    assert len(found) == len(messages) - 1
    for seed, results in enumerate(found):
        assert re.findall(rb"\tdkim=(\w+)", results) == [b"pass", b"pass"], (seed, results)
    assert re.findall(rb"\tdkim=(\w+)", changed) == [b"fail", b"fail"]


@pytest.mark.parametrize(
    ("name", "forms"),
    # OpenDKIM 2.11 makes Ed25519 signatures over simple headers that neither we nor dkimpy can confirm.
    [(name, forms) for name, forms in product(KEYS, FORMS) if name == "rsa" or forms[0] == "relaxed"],
)
async def test_we_accept_what_opendkim_signs(
    program: Program, tmp_path: Path, name: str, forms: tuple[Canonicalization, Canonicalization]
) -> None:
    opendkim = program("opendkim", "opendkim")
    key = tmp_path / "key.pem"
    key.write_bytes(encode_private_key(KEYS[name]))
    settings = [
        "Mode s",
        "InternalHosts 0.0.0.0/0",
        "Domain mox.example",
        f"Selector {name}",
        f"KeyFile {key}",
        f"SignatureAlgorithm {key_type_of(KEYS[name])}-sha256",
        f"Canonicalization {'/'.join(forms)}",
    ]
    messages = [letter(seed) for seed in range(1000, 1040)]
    said = run_opendkim(opendkim, tmp_path, settings, messages)
    signed = re.findall(rb"hname='DKIM-Signature' hvalue='([^']*+)'", said)
    assert len(signed) == len(messages)
    for message, value in zip(messages, signed, strict=True):
        field = b"DKIM-Signature: " + value.replace(b"\n", b"\r\n") + b"\r\n"
        [result] = await verify(FakeResolver(zone()), field + message, now=NOW, policy=None)
        assert (result.status, result.problem) == (Status.PASS, None), (field, message)
        assert result.signature is not None
        assert (result.signature.header_canonicalization, result.signature.body_canonicalization) == forms
