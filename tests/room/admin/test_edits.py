"""Changes of domains.toml: what is meant is done, all else is refused with the reason."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mox.admin import (
    EditError,
    add_account,
    add_address,
    add_alias,
    add_alias_members,
    add_domain,
    change_alias,
    new_domain,
    remove_address,
    remove_alias,
    remove_alias_members,
    remove_domain,
    set_domain_disabled,
)
from mox.config import (
    AccountConfig,
    Alias,
    AutoconfigService,
    Destination,
    DomainConfig,
    DynamicConfig,
    Listener,
    Postmaster,
    StaticConfig,
)
from moxkit import dkim

CREW = Alias(addresses=("mox@mox.example", "pat@mox.example"), post_public=True)
CONFIG = DynamicConfig(
    domains={"mox.example": DomainConfig(aliases={"crew": CREW}), "empty.example": DomainConfig()},
    accounts={
        "mox": AccountConfig(
            domain="mox.example",
            destinations={"mox@mox.example": Destination(), "@mox.example": Destination()},
            from_id_login_addresses=("mox@mox.example",),
        ),
        "pat": AccountConfig(domain="mox.example", destinations={"pat@mox.example": Destination()}),
    },
)
STATIC = StaticConfig(
    hostname="mx.host.example",
    log_level="info",
    admin_password_file="x",
    listeners={"public": Listener(ips=("192.0.2.1",))},
    postmaster=Postmaster(account="mox", mailbox="Inbox"),
)


def test_an_account_begins_with_what_protects_it() -> None:
    made = add_account(CONFIG, "sam", "sam@mox.example").accounts["sam"]
    assert list(made.destinations) == ["sam@mox.example"]
    assert (made.domain, made.rejects_mailbox, made.no_custom_password) == ("mox.example", "Rejects", True)
    assert made.junk_filter is not None
    assert made.automatic_junk_flags is not None


def test_addresses_come_and_go() -> None:
    added = add_address(CONFIG, "shop@mox.example", "pat")
    assert list(added.accounts["pat"].destinations) == ["pat@mox.example", "shop@mox.example"]
    assert remove_address(added, "shop@mox.example") == CONFIG
    gone = remove_address(CONFIG, "mox@mox.example")
    assert list(gone.accounts["mox"].destinations) == ["@mox.example"]
    assert gone.accounts["mox"].from_id_login_addresses == ()
    assert gone.domains["mox.example"].aliases["crew"].addresses == ("pat@mox.example",)


def test_domains_come_and_go() -> None:
    new = DomainConfig(description="new")

    def added(**options: str) -> DynamicConfig:
        given = {"account": "pat", "localpart": ""} | options
        return add_domain(CONFIG, "new.example", new, keeps_postmaster=given["account"] == "mox", **given)

    assert list(added().accounts["pat"].destinations) == ["pat@mox.example", "postmaster@new.example"]
    assert added(account="mox").accounts == CONFIG.accounts
    assert list(added(account="sam", localpart="s").accounts["sam"].destinations) == ["s@new.example"]
    assert remove_domain(added(account="mox"), "new.example") == CONFIG
    disabled = set_domain_disabled(CONFIG, "mox.example", is_disabled=True)
    assert disabled.domains["mox.example"].disabled
    assert set_domain_disabled(disabled, "mox.example", is_disabled=False) == CONFIG


def test_aliases_come_and_go() -> None:
    added = add_alias(CONFIG, "all@mox.example", ["mox@mox.example"])
    assert added.domains["mox.example"].aliases["all"] == Alias(
        addresses=("mox@mox.example",), post_public=True
    )
    more = add_alias_members(added, "all@mox.example", ["pat@mox.example", "mox@mox.example"])
    assert more.domains["mox.example"].aliases["all"].addresses == ("mox@mox.example", "pat@mox.example")
    assert remove_alias_members(more, "all@mox.example", ["pat@mox.example"]) == added
    assert remove_alias(added, "all@mox.example") == CONFIG
    changed = change_alias(CONFIG, "crew@mox.example", post_public=False, list_members=True)
    assert changed.domains["mox.example"].aliases["crew"] == replace(
        CREW, post_public=False, list_members=True
    )


@pytest.mark.parametrize(
    ("edit", "text"),
    [
        (lambda c: add_account(c, "mox", "new@mox.example"), "there is an account 'mox' already"),
        (lambda c: add_account(c, "sam", "pat@mox.example"), "is an address of account 'pat' already"),
        (lambda c: add_account(c, "sam", "crew@mox.example"), "crew@mox.example is an alias already"),
        (
            lambda c: add_account(c, "sam", "sam@else.example"),
            "no domain else.example; there are: mox.example",
        ),
        (lambda c: add_account(c, "sam", "sam"), "sam is not an address"),
        (lambda c: add_address(c, "new@mox.example", "pat@mox.example"), "it is the account's name"),
        (lambda c: remove_address(c, "gone@mox.example"), "no account has the address"),
        (lambda c: remove_domain(c, "mox.example"), "in use, remove first: mox@mox.example of account mox"),
        (lambda c: remove_domain(c, "else.example"), "no domain else.example"),
        (lambda c: add_alias(c, "crew@mox.example", []), "there is an alias crew@mox.example already"),
        (lambda c: add_alias(c, "pat@mox.example", []), "is the address of account 'pat'"),
        (lambda c: remove_alias(c, "all@mox.example"), "there is no alias all@mox.example"),
        (
            lambda c: remove_alias_members(c, "crew@mox.example", ["sam@mox.example"]),
            "not a member of crew@mox.example: sam@mox.example",
        ),
        (lambda c: remove_alias_members(c, "crew@mox.example", CREW.addresses), "would have no members"),
        (
            lambda c: add_domain(
                c, "mox.example", DomainConfig(), account="mox", localpart="", keeps_postmaster=True
            ),
            "there is a domain mox.example already",
        ),
        (
            lambda c: add_domain(
                c, "bad name", DomainConfig(), account="mox", localpart="", keeps_postmaster=True
            ),
            "bad name: ",
        ),
    ],
)
def test_what_was_not_meant_is_refused(edit: Callable[[DynamicConfig], DynamicConfig], text: str) -> None:
    with pytest.raises(EditError) as refused:
        edit(CONFIG)
    assert text in str(refused.value)


@pytest.mark.parametrize("serves_policies", [True, False])
def test_a_new_domain_has_mta_sts_only_where_it_is_served(*, serves_policies: bool) -> None:
    listener = Listener(
        ips=("192.0.2.1",), mtasts_https=AutoconfigService(enabled=True) if serves_policies else None
    )
    made = new_domain(
        "new.example",
        replace(STATIC, listeners={"public": listener}),
        account="mox",
        now=datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC),
        make_key=dkim.generate_ed25519,
    )
    assert (made.config.mtasts is not None) is serves_policies
    assert made.config.dkim is not None
    assert (list(made.config.dkim.selectors), made.config.dkim.sign) == (["2030a", "2030b"], ("2030a",))
    assert list(made.keys) == [
        Path(f"dkim/2030{each}._domainkey.new.example.20300102T030405.rsa2048.privatekey.pkcs8.pem")
        for each in "ab"
    ]
    for octets in made.keys.values():
        dkim.load_private_key(octets)
