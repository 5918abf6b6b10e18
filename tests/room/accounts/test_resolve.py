"""Whose an address is."""

import pytest

from mox.accounts import (
    Accounts,
    AddressUnknown,
    AliasRecipient,
    DomainDisabled,
    DomainUnknown,
    Recipient,
    Refused,
)
from mox.config import AccountConfig, Alias, Destination, DomainConfig, HostTLSRPT, ReportAddress
from mox.config.testing import make

CONFIG = make(
    domains={
        "mox.example": DomainConfig(localpart_catchall_separators=("+", "-")),
        "strict.example": DomainConfig(localpart_case_sensitive=True),
        "off.example": DomainConfig(disabled=True),
        "caught.example": DomainConfig(),
        "bücher.example": DomainConfig(),
        "mail.mox.example": DomainConfig(),
        "reports.example": DomainConfig(
            localpart_catchall_separator="+",
            dmarc=ReportAddress(localpart="DMARCreports", account="mox", mailbox="DMARC"),
            tlsrpt=ReportAddress(localpart="tls", domain="mox.example", account="mox", mailbox="TLS"),
        ),
        "lists.example": DomainConfig(
            localpart_catchall_separator="+",
            aliases={
                "All": Alias(addresses=("MOX@mox.example", "x@caught.example"), post_public=True),
                "team": Alias(addresses=("mox@mox.example",), allow_msg_from=True),
            },
        ),
    },
    accounts={
        "mox": AccountConfig(
            domain="mox.example",
            destinations={
                "mox@mox.example": Destination(),
                "Lists@mox.example": Destination(mailbox="Lists"),
                "gone@mox.example": Destination(smtp_error="550 moved away"),
                "Mox@strict.example": Destination(),
                "mox@off.example": Destination(),
                "é@bücher.example": Destination(),
            },
        ),
        "second": AccountConfig(
            domain="caught.example",
            destinations={
                "@caught.example": Destination(mailbox="Caught"),
                "x@caught.example": Destination(),
                "@lists.example": Destination(),
            },
            login_disabled="not now",
        ),
    },
)
ACCOUNTS = Accounts(current=lambda: CONFIG)


@pytest.mark.parametrize(
    ("localpart", "domain", "account", "address", "mailbox"),
    [
        ("mox", "mox.example", "mox", "mox@mox.example", "Inbox"),
        ("MOX", "MOX.Example", "mox", "mox@mox.example", "Inbox"),
        ("mox+shop", "mox.example", "mox", "mox@mox.example", "Inbox"),
        ("mox-shop+x", "mox.example", "mox", "mox@mox.example", "Inbox"),
        ("lists", "mox.example", "mox", "lists@mox.example", "Lists"),
        ("Mox", "strict.example", "mox", "Mox@strict.example", "Inbox"),
        ("E\u0301", "xn--bcher-kva.example", "mox", "é@xn--bcher-kva.example", "Inbox"),
        ("é", "BÜCHER.example", "mox", "é@xn--bcher-kva.example", "Inbox"),
        ("x", "caught.example", "second", "x@caught.example", "Inbox"),
        ("anybody", "caught.example", "second", "anybody@caught.example", "Caught"),
        ("postmaster", "", "mox", "postmaster", "Inbox"),
        ("PostMaster", "mail.mox.example", "mox", "postmaster", "Inbox"),
        ("postmaster", "mox.example", "mox", "postmaster", "Inbox"),
        ("postmaster", "caught.example", "second", "postmaster@caught.example", "Caught"),
    ],
)
def test_finds_the_account(localpart: str, domain: str, account: str, address: str, mailbox: str) -> None:
    found = ACCOUNTS.resolve(localpart, domain)
    assert isinstance(found, Recipient)
    assert (found.account, found.address, found.mailbox) == (account, address, mailbox)
    assert found.path == (f"{localpart}@{domain}" if domain else localpart)


@pytest.mark.parametrize(
    ("localpart", "domain", "kind"),
    [
        ("mox", "else.example", DomainUnknown),
        ("mox", "sub.mox.example", DomainUnknown),
        ("mox", "", DomainUnknown),
        ("mox", "not a domain", DomainUnknown),
        ("mox", "off.example", DomainDisabled),
        ("postmaster", "off.example", DomainDisabled),
        ("nobody", "mox.example", AddressUnknown),
        ("+shop", "mox.example", AddressUnknown),
        ("mox", "strict.example", AddressUnknown),
        ("", "mox.example", AddressUnknown),
        ("gone", "mox.example", Refused),
    ],
)
def test_tells_why_there_is_none(localpart: str, domain: str, kind: type) -> None:
    assert isinstance(ACCOUNTS.resolve(localpart, domain), kind)


@pytest.mark.parametrize("address", [("nobody", "mox.example"), ("any", "else.example"), ("x", "")])
def test_a_fallback_takes_everybody_unknown(address: tuple[str, str]) -> None:
    accounts = Accounts(current=lambda: CONFIG, fallback="mox@mox.example")
    found = accounts.resolve(*address)
    assert isinstance(found, Recipient)
    assert (found.account, found.address) == ("mox", "mox@mox.example")


def test_a_fallback_takes_nothing_that_is_disabled_or_refused() -> None:
    accounts = Accounts(current=lambda: CONFIG, fallback="mox@mox.example")
    assert isinstance(accounts.resolve("mox", "off.example"), DomainDisabled)
    assert isinstance(accounts.resolve("gone", "mox.example"), Refused)


@pytest.mark.parametrize(
    ("address", "account"),
    [
        ("mox@mox.example", "mox"),
        ("MOX+x@mox.example", "mox"),
        ("anybody@caught.example", "second"),
        ("postmaster@mox.example", None),
        ("nobody@mox.example", None),
        ("mox", None),
        ("", None),
        ("@", None),
        ("mox@", None),
        ("a@b@mox.example", None),
    ],
)
def test_login_addresses_are_configured_ones(address: str, account: str | None) -> None:
    assert ACCOUNTS.account_for_login(address) == account


def test_an_account_sends_as_its_own_addresses_only() -> None:
    assert ACCOUNTS.may_send_as("mox", "lists", "mox.example")
    assert not ACCOUNTS.may_send_as("mox", "x", "caught.example")
    assert not ACCOUNTS.may_send_as("mox", "nobody", "mox.example")


def test_tells_who_may_not_sign_in() -> None:
    assert ACCOUNTS.login_disabled("second") == "not now"
    assert ACCOUNTS.login_disabled("mox") == ""
    assert ACCOUNTS.login_disabled("gone") == "account is removed"


@pytest.mark.parametrize("localpart", ["all", "ALL", "all+archive"])
def test_an_alias_stands_for_its_members(localpart: str) -> None:
    found = ACCOUNTS.resolve(localpart, "lists.example")
    assert isinstance(found, AliasRecipient)
    assert (found.path, found.address) == (f"{localpart}@lists.example", "all@lists.example")
    assert [(each.account, each.address, each.alias) for each in found.members] == [
        ("mox", "mox@mox.example", "all@lists.example"),
        ("second", "x@caught.example", "all@lists.example"),
    ]
    assert (found.post_public, found.allows_from) == (True, False)


def test_an_alias_is_nobodys_login_not_even_by_a_catch_all_address() -> None:
    assert ACCOUNTS.account_for_login("any@lists.example") == "second"
    assert ACCOUNTS.account_for_login("team@lists.example") is None
    assert not ACCOUNTS.may_send_as("second", "team", "lists.example")


def test_members_write_as_the_alias_where_it_allows_that() -> None:
    assert ACCOUNTS.may_send_as("mox", "Team", "lists.example")
    assert ACCOUNTS.may_send_as("mox", "team+x", "lists.example")
    assert not ACCOUNTS.may_send_as("mox", "all", "lists.example")


@pytest.mark.parametrize(
    ("address", "canonical"),
    [
        (("MOX+x", "Mox.Example"), "mox@mox.example"),
        (("Any+x", "else.example"), "Any+x@else.example"),
        (("x", "not a domain"), "x@not a domain"),
    ],
)
def test_addresses_are_compared_in_one_form(address: tuple[str, str], canonical: str) -> None:
    assert ACCOUNTS.canonical(*address) == canonical


@pytest.mark.parametrize(
    ("address", "mailbox"),
    [
        (("dmarcreports", "reports.example"), "DMARC"),
        (("DMARCreports+google", "reports.example"), "DMARC"),
        (("tls", "mox.example"), "TLS"),
    ],
)
def test_addresses_for_reports(address: tuple[str, str], mailbox: str) -> None:
    found = ACCOUNTS.resolve(*address)
    assert isinstance(found, Recipient)
    assert (found.account, found.mailbox, found.reports) == ("mox", mailbox, True)
    assert ACCOUNTS.account_for_login("@".join(address)) is None


def test_the_hosts_own_reports_come_to_its_name() -> None:
    reports = HostTLSRPT(account="mox", mailbox="TLSRPT", localpart="TLSreports")
    config = make(static={"host_tlsrpt": reports})
    found = Accounts(current=lambda: config).resolve("tlsreports", "mail.mox.example")
    assert isinstance(found, Recipient)
    assert (found.mailbox, found.reports) == ("TLSRPT", True)
