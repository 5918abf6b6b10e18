"""moxsubmit.toml: every problem at once, secrets never shown."""

from pathlib import Path

import pytest

from mox.config import ConfigError, SubmitConfig, describe, load_submit_config

GOOD = """LocalHostname = "box.example"
Host = "mail.example"
Port = 465
TLS = true
STARTTLS = false
Username = "box@mox.example"
Password = "zebra crossing"
From = "box@mox.example"
"""


def load(directory: Path, text: str) -> SubmitConfig:
    file = directory / "moxsubmit.toml"
    file.write_text(text, encoding="utf-8")
    return load_submit_config(file)


def test_reads_a_file(tmp_path: Path) -> None:
    config = load(tmp_path, GOOD)
    assert (config.host, config.port, config.from_, config.require_tls) == (
        "mail.example",
        465,
        "box@mox.example",
        "",
    )


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("STARTTLS = false", "STARTTLS = true", "STARTTLS: cannot be used together with TLS"),
        ("Port = 465", "Port = 0", "Port: is no port"),
        ('Password = "zebra crossing"', "", "exactly one of"),
        ("Port", 'ClientAuthEd25519PrivateKey = "x"\nPort', "exactly one of"),
        ("Port", 'AuthMethod = "NTLM"\nPort', "AuthMethod: unknown"),
        ("Port", 'RequireTLS = "maybe"\nPort', "RequireTLS"),
        ("Port", 'CAFile = "ca.pem"\nPort', "CAFile: must be an absolute path"),
        ('"box@mox.example"\n', '"box"\n', "is no address"),
        ("Host", "Hots", "did you mean Host"),
    ],
)
def test_tells_what_is_wrong_without_the_password(tmp_path: Path, old: str, new: str, problem: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load(tmp_path, GOOD.replace(old, new))
    told = "\n".join(map(str, refused.value.problems))
    assert problem in told
    assert "zebra" not in told


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        load_submit_config(tmp_path / "none.toml")
    assert "No such file" in str(refused.value.problems[0])


def test_the_example_explains_every_key() -> None:
    text = describe(SubmitConfig, title="x")
    assert "#RequireTLS" in text
    assert "Seed of an Ed25519 key" in text
