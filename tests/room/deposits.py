"""Filing messages in a real store, for tests."""

from typing import Protocol

from mox.store import Account, Added, Arrival, NewMessage, Store, Tx, add_message, ensure_mailbox, parse_flags

__all__ = ["Deposit", "depositor"]


class Deposit(Protocol):
    """Files a message in an account, in one transaction of its own."""

    async def __call__(
        self,
        account: Account,
        octets: bytes,
        mailbox: str = "Inbox",
        flags: str = "",
        *,
        prefix: bytes = b"",
        received_at: int | None = None,
        arrival: Arrival | None = None,
        origin: object | None = None,
    ) -> Added: ...


def depositor(store: Store) -> Deposit:
    """Return a function that files messages through a store."""

    async def deposit(
        account: Account,
        octets: bytes,
        mailbox: str = "Inbox",
        flags: str = "",
        *,
        prefix: bytes = b"",
        received_at: int | None = None,
        arrival: Arrival | None = None,
        origin: object | None = None,
    ) -> Added:
        spool = store.spools.new()
        try:
            spool.write(octets)
            content, prepared = await store.prepare(spool)

            def file(tx: Tx) -> Added:
                new = NewMessage(
                    ensure_mailbox(tx, mailbox).id,
                    content,
                    prepared,
                    prefix,
                    parse_flags(flags.split()),
                    received_at,
                    arrival,
                )
                return add_message(tx, new)

            return await account.write(file, origin)
        finally:
            spool.discard()

    return deposit
