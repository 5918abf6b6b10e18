"""A server process on the internet of a test that only receives: every check is on, refusals are refusals.

Its accounts are `me`, which has rulesets for a list and a forwarder and keeps what it refuses, and `pat`,
which trusts nobody beforehand.
"""

import imaplib
import json
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

from endtoend.dnssec import free_port
from endtoend.sendingserver import DOMAIN, HOSTNAME, PASSWORD, USER, SendingServer
from mox.config import (
    DYNAMIC_NAME,
    AccountConfig,
    Destination,
    DomainConfig,
    DynamicConfig,
    JunkFilter,
    Ruleset,
    write_documented,
)

__all__ = ["HOSTNAME", "PAT", "USER", "ReceivingServer"]

PAT = f"pat@{DOMAIN}"
_FILTER = JunkFilter(
    threshold=0.95, onegrams=True, max_power=0.01, top_words=10, ignore_words=0.1, rare_words=2
)


class ReceivingServer(SendingServer):
    """The process."""

    def __init__(self, directory: Path, *, dns: str) -> None:
        """Write its files; `dns` is the resolver, as ``127.0.0.1:port``."""
        super().__init__(directory, dns=dns, smtp_port=free_port(), https_port=free_port())
        (directory / DYNAMIC_NAME).write_text(write_documented(_dynamic()))

    def mail(self, mailbox: str = "INBOX", user: str = USER) -> list[bytes]:
        """Return all messages in a mailbox, the oldest first."""
        client = imaplib.IMAP4("127.0.0.1", self.imap)
        client.login(user, PASSWORD)
        found = []
        if client.select(mailbox, readonly=True)[0] == "OK":
            data = client.fetch("1:*", "(BODY.PEEK[])")[1]
            found = [item[1] for item in data if isinstance(item, tuple)]
        client.logout()
        return found

    def run(self, *arguments: str) -> str:
        """Run a command of `mox` for this server; return what it prints."""
        done = subprocess.run(self.mox(*arguments), capture_output=True, text=True, check=False, timeout=30)
        assert done.returncode == 0, f"{done.stderr}\n{self.log_tail()}"
        return done.stdout

    def accepted(self, subject: str, account: str = "me") -> dict[str, Any]:
        """Return what the list of messages has of the one with a subject."""
        shown = self.run("message", "list", "--account", account, "--subject", subject, "--json")
        [found] = json.loads(shown)
        assert isinstance(found, dict)
        return found

    def refused(self, subject: str, account: str = "me") -> dict[str, Any]:
        """Return what the list of refused mail has of the one with a subject."""
        shown = self.run("message", "refused", account, "--json")
        [found] = [each for each in json.loads(shown) if each["subject"] == subject]
        assert isinstance(found, dict)
        return found


def _dynamic() -> DynamicConfig:
    rulesets = (
        Ruleset(
            headers_regexp={"^list-id$": "<friends\\.list\\.example>"},
            list_allow_domain="list.example",
            mailbox="Lists",
        ),
        Ruleset(
            smtp_mail_from_regexp="@forward\\.example$",
            verified_domain="forward.example",
            is_forward=True,
            mailbox="Forwarded",
        ),
    )
    return DynamicConfig(
        domains={DOMAIN: DomainConfig(localpart_catchall_separator="+")},
        accounts={
            "me": AccountConfig(
                domain=DOMAIN,
                destinations={USER: Destination(rulesets=rulesets)},
                rejects_mailbox="Rejects",
                junk_filter=_FILTER,
                keep_retired_message_period=timedelta(days=1),
            ),
            "pat": AccountConfig(domain=DOMAIN, destinations={PAT: Destination()}, junk_filter=_FILTER),
        },
    )
