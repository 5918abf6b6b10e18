"""Has the postmaster told of a new version."""

import secrets

import mox
from mox.admin import UpdateCheck, Version, parse_version
from mox.app.ground import Ground
from mox.store import NewMessage, Store, Tx, add_message, ensure_mailbox, parse_flags
from moxkit.dns import Resolver
from moxkit.domain import parse_domain
from moxkit.message import format_date

__all__ = ["make_update_check"]

_LETTER = """From: mox <postmaster@{hostname}>\r
To: postmaster@{hostname}\r
Subject: mox {latest} available\r
Date: {date}\r
Message-ID: <{id}@{hostname}>\r
Auto-Submitted: auto-generated\r
MIME-Version: 1.0\r
Content-Type: text/plain; charset=utf-8\r
\r
There is a new version of mox: {latest}. This server runs {own}.\r
\r
What to do: read what changed, make a copy with mox backup, install it the way that you installed mox, and\r
restart. Data of older versions is brought up to date at the start; a copy is set aside before.\r
\r
You get this letter once for each version. CheckUpdates in mox.toml switches it off.\r
"""


def make_update_check(ground: Ground, *, resolver: Resolver, store: Store) -> UpdateCheck:
    """Put it together; letters go to the postmaster's mailbox."""
    static, clock = ground.static, ground.clock

    async def tell(latest: Version) -> None:
        hostname = parse_domain(static.hostname).ascii
        letter = _LETTER.format(
            hostname=hostname,
            latest=latest,
            own=mox.__version__,
            date=format_date(clock.now()),
            id=f"update.{latest}.{secrets.token_hex(8)}",
        )
        await _file(store, static.postmaster.account, static.postmaster.mailbox, letter.encode())

    return UpdateCheck(
        own=parse_version(mox.__version__),
        domain=parse_domain(static.updates_domain),
        data_dir=ground.data_dir,
        clock=clock,
        resolver=resolver,
        tell=tell,
    )


async def _file(store: Store, account: str, mailbox: str, octets: bytes) -> None:
    spool = store.spools.new()
    try:
        spool.write(octets)
        content, prepared = await store.prepare(spool)

        def file(tx: Tx) -> None:
            place = ensure_mailbox(tx, mailbox)
            add_message(tx, NewMessage(place.id, content, prepared, flags=parse_flags(["\\Flagged"])))

        await store.account(account).write(file)
    finally:
        spool.discard()
