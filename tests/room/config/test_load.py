"""Reading both files: every problem at once, each with its file and line."""

from datetime import timedelta
from pathlib import Path

import pytest

from mox.config import (
    DYNAMIC_NAME,
    STATIC_NAME,
    ConfigError,
    ConfigSnapshot,
    DynamicConfig,
    QueueConfig,
    StaticConfig,
    describe,
    load_config,
    to_document,
    write_documented,
)
from mox.config.load import load_text
from mox.config.testing import make

STATIC = """LogLevel = "info"
Hostname = "mail.mox.example"

[Postmaster]
Account = "mox"
Mailbox = "Postmaster"

[Listeners.local]
IPs = ["127.0.0.1"]
"""
DYNAMIC = """[Domains."mox.example"]

[Accounts.mox]
Domain = "mox.example"
Destinations = { "mox@mox.example" = {} }
"""


def write(directory: Path, static: str = STATIC, dynamic: str = DYNAMIC) -> Path:
    (directory / STATIC_NAME).write_text(static, encoding="utf-8")
    (directory / DYNAMIC_NAME).write_text(dynamic, encoding="utf-8")
    return directory / STATIC_NAME


def problems(directory: Path, static: str = STATIC, dynamic: str = DYNAMIC) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        load_config(write(directory, static, dynamic))
    return [str(p).replace(f"{directory}/", "").replace(f"{directory}\\", "") for p in refused.value.problems]


def test_reads_a_small_configuration(tmp_path: Path) -> None:
    snapshot = load_config(write(tmp_path))
    assert isinstance(snapshot, ConfigSnapshot)
    assert snapshot.static.postmaster.mailbox == "Postmaster"
    assert snapshot.addresses["mox@mox.example"].account == "mox"
    assert snapshot.postmaster_domains == {"mail.mox.example"}


def test_tells_all_problems_of_both_files_with_their_lines(tmp_path: Path) -> None:
    static = STATIC.replace('"info"', '"loud"').replace("127.0.0.1", "127.0.0").replace("Hostname", "Hostnam")
    dynamic = DYNAMIC.replace('Domain = "mox.example"', 'Domain = 7\nExtra = "x"')
    assert problems(tmp_path, static, dynamic) == [
        "mox.toml:2: Hostnam: unknown key; did you mean Hostname?",
        *[p for p in problems(tmp_path, static, dynamic) if "missing" in p],
        "domains.toml:4: Accounts.mox.Domain: expected a string, found int",
        "domains.toml:5: Accounts.mox.Extra: unknown key",
    ]


def test_tells_what_cannot_be(tmp_path: Path) -> None:
    static = (
        STATIC.replace('"info"', '"loud"').replace('"127.0.0.1"', '"::1", "127.0.0"')
        + "IMAPS.Enabled = true\n"
    )
    dynamic = (
        DYNAMIC + '[Domains."MOX.example"]\n[Accounts.two]\nDomain = "other.example"\nDestinations = {}\n'
    )
    found = problems(tmp_path, static, dynamic)
    assert [f.partition(": ")[0] for f in found] == [
        "mox.toml:1",
        "mox.toml:9",
        "mox.toml:10",
        "domains.toml:6",
        "domains.toml:8",
    ]
    assert found[1].startswith("mox.toml:9: Listeners.local.IPs[1]: '127.0.0' is not an IP address")
    assert "needs TLS" in found[2]
    assert "is the same domain as 'mox.example'" in found[3]


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ("MaxDeliveries = 0", ["Queue.MaxDeliveries: must be at least 1"]),
        ("MaxDeliveriesPerDomain = -1", ["Queue.MaxDeliveriesPerDomain: must be at least 1"]),
        ('FirstInterval = "0s"', ["Queue.FirstInterval: must be from 1s to 8760h"]),
        ('GiveUpAfter = "8761h"', ["Queue.GiveUpAfter: must be from 1s to 8760h"]),
        ('TellDelayAfter = "1ms"', ["Queue.TellDelayAfter: must be from 1s to 8760h"]),
        ('LongestInterval = "1m"', ["Queue.LongestInterval: is shorter than FirstInterval"]),
    ],
)
def test_names_the_trouble_with_the_queue(tmp_path: Path, lines: str, found: list[str]) -> None:
    static = STATIC + f"[Queue]\n{lines}\n"
    assert problems(tmp_path, static) == [f"mox.toml:{static.count(chr(10))}: {each}" for each in found]


def test_the_queue_has_what_the_file_says(tmp_path: Path) -> None:
    queue = load_config(
        write(tmp_path, STATIC + '[Queue]\nMaxDeliveries = 7\nFirstInterval = "1m30s"\n')
    ).static.queue
    assert queue == QueueConfig(max_deliveries=7, first_interval=timedelta(seconds=90))
    assert load_config(write(tmp_path)).static.queue == QueueConfig()


@pytest.mark.parametrize(
    ("replace", "by", "says"),
    [
        ('"mox@mox.example"', '"mox@else.example"', "with a configured domain"),
        ('"mox@mox.example"', '"mox"', "with a configured domain"),
        ('{ "mox@mox.example" = {} }', '{ "a@mox.example" = {}, "A@mox.example" = {} }', "already"),
        ('{ "mox@mox.example" = {} }', '{ "a@mox.example" = { SMTPError = "650 x" } }', "must begin with"),
        ("[Accounts.mox]", "[Accounts.other]", "account 'mox' is missing"),
        ('[Domains."mox.example"]', '[Domains."mox.example"]\nLocalpartCatchallSeparator = "o"', "separator"),
        ('[Domains."mox.example"]', '[Domains."mox.example"]\nx = [', "not valid TOML"),
        ('[Domains."mox.example"]', "[Domains]", "not configured"),
    ],
)
def test_names_the_trouble(tmp_path: Path, replace: str, by: str, says: str) -> None:
    found = problems(tmp_path, dynamic=DYNAMIC.replace(replace, by))
    assert any(says in each for each in found), found
    assert all(each.startswith("domains.toml:") for each in found)
    assert all(each.split(":")[1].isdecimal() or "'mox' is missing" in each for each in found), found


@pytest.mark.parametrize("name", ["../mox", "a/b", "a\\\\b", ".hidden", "x" * 65, "c:"])
def test_an_account_is_named_as_its_directory_can_be(tmp_path: Path, name: str) -> None:
    found = problems(tmp_path, dynamic=DYNAMIC.replace("[Accounts.mox]", f'[Accounts."{name}"]'))
    assert any("is no name of a directory" in each for each in found), found


def test_a_file_that_is_missing_or_no_text_is_a_problem(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / DYNAMIC_NAME).write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="is not UTF-8"):
        load_config(tmp_path / STATIC_NAME)
    (tmp_path / DYNAMIC_NAME).unlink()
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path / STATIC_NAME)


@pytest.mark.parametrize("cls", [StaticConfig, DynamicConfig])
def test_the_example_is_valid_toml_and_loads_when_required_values_are_there(cls: type) -> None:
    text = describe(cls, title="Example")
    loaded = load_text(cls, text, Path("example.toml"))
    assert isinstance(loaded.value, cls)


@pytest.mark.parametrize("cls", [StaticConfig, DynamicConfig])
def test_the_example_is_valid_with_every_optional_key_switched_on(cls: type) -> None:
    lines = describe(cls, title="Example").splitlines()
    text = "\n".join(line[1:] if line[:1] == "#" and line[1:2] not in {" ", ""} else line for line in lines)
    loaded = load_text(cls, text, Path("example.toml"))
    assert isinstance(loaded.value, cls)


def test_what_is_written_reads_as_the_same() -> None:
    config = make()
    for value in (config.static, config.dynamic):
        for text in (to_document(value), write_documented(value)):
            assert load_text(type(value), text, Path("x")).value == value


@pytest.mark.parametrize(
    ("localpart", "addresses", "says"),
    [
        ("all", [], "at least one member"),
        ("all", ["nobody@mox.example"], "'nobody@mox.example' is not an address of an account"),
        ("all", ["@mox.example"], "is not an address of an account"),
        ("all", ["mox@mox.example", "MOX@mox.example"], "is a member already"),
        ("MOX", ["mox@mox.example"], "is an address of account 'mox' already"),
        ("all+x", ["mox@mox.example"], "has a separator"),
        ("all@mox.example", ["mox@mox.example"], "must be a localpart"),
    ],
)
def test_names_the_trouble_with_aliases(
    tmp_path: Path, localpart: str, addresses: list[str], says: str
) -> None:
    alias = f'Aliases."{localpart}".Addresses = {addresses}\n'.replace("'", '"')
    settings = f'[Domains."mox.example"]\nLocalpartCatchallSeparator = "+"\n{alias}'
    [found] = problems(tmp_path, dynamic=DYNAMIC.replace('[Domains."mox.example"]', settings))
    assert found.startswith("domains.toml:")
    assert says in found


def test_aliases_lead_to_canonical_addresses(tmp_path: Path) -> None:
    settings = '[Domains."mox.example"]\nAliases.All.Addresses = ["MOX@mox.example"]'
    snapshot = load_config(write(tmp_path, dynamic=DYNAMIC.replace('[Domains."mox.example"]', settings)))
    assert snapshot.aliases["all@mox.example"].members == ("mox@mox.example",)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (
            'AutomaticJunkFlags = { Enabled = true, JunkMailboxRegexp = "(" }',
            "is not a regular expression (RE2)",
        ),
        ("JunkFilter = { Threshold = 1.5, Onegrams = true, MaxPower = 0.1, TopWords = 10 }", "from 0 to 1"),
        ("JunkFilter = { Threshold = 0.9, Onegrams = true, MaxPower = 0.6, TopWords = 10 }", "from 0 to 0.5"),
        ("JunkFilter = { Threshold = 0.9, Onegrams = true, MaxPower = 0.1, TopWords = -1 }", "negative"),
        ("JunkFilter = { Threshold = 0.9, MaxPower = 0.1, TopWords = 1 }", "at least one of Onegrams"),
        ('RejectsMailbox = "INBOX"', "cannot be Inbox"),
        ('RejectsMailbox = "A"\nIntrobox = "A"', "the same mailbox as RejectsMailbox"),
        ('FromIDLoginAddresses = ["you@mox.example"]', "is not an address of the account"),
        ('FromIDLoginAddresses = ["mox@mox.example"]', "needs a LocalpartCatchallSeparator"),
    ],
)
def test_names_the_trouble_with_accounts(tmp_path: Path, settings: str, says: str) -> None:
    found = problems(tmp_path, dynamic=DYNAMIC + settings + "\n")
    assert any(says in each for each in found), found


@pytest.mark.parametrize(
    ("ruleset", "says"),
    [
        ('Mailbox = "A"', "has no condition"),
        ('Mailbox = "", MsgFromRegexp = "x"', "must be a mailbox name"),
        ('Mailbox = "A", MsgFromRegexp = "(?<x"', "is not a regular expression (RE2)"),
        ('Mailbox = "A", HeadersRegexp = { "Subject" = "x" }', "must be in lower case"),
        ('Mailbox = "A", MsgFromRegexp = "x", IsForward = true', "needs SMTPMailFromRegexp"),
        (
            'Mailbox = "A", SMTPMailFromRegexp = "x", VerifiedDomain = "x.example", IsForward = true, '
            'ListAllowDomain = "x.example"',
            "cannot go with ListAllowDomain",
        ),
        ('Mailbox = "A", MsgFromRegexp = "x", AcceptRejectsToMailbox = "Inbox"', "cannot be Inbox"),
    ],
)
def test_names_the_trouble_with_rulesets(tmp_path: Path, ruleset: str, says: str) -> None:
    destinations = f'{{ "mox@mox.example" = {{ Rulesets = [ {{ {ruleset} }} ] }} }}'
    found = problems(tmp_path, dynamic=DYNAMIC.replace('{ "mox@mox.example" = {} }', destinations))
    assert any(says in each for each in found), found
