"""From staged to filed, or gone: the steps around the commit, on the loop.

Whoever runs an import calls one of the two at its end, and `discard_staging` for each account at the start of
the server, before any import: a killed process leaves an account as it was, with some rows and files that
nobody sees.
"""

import asyncio
from collections.abc import Callable

from mox.store.account import Account
from mox.store.stagingcommit import Committed, commit_staged, copy_contents, drop_contents
from mox.store.stagingplace import StagingPlace, is_committed, left_staging, remove_staging
from mox.store.transaction import Tx

__all__ = ["discard_staging", "file_staged"]

# Some hundredths of a second each, between which others write.
_TOGETHER = 500


async def file_staged(
    account: Account, place: StagingPlace, messages: int, *, check: Callable[[int], None] = lambda _done: None
) -> Committed:
    """Make staged mail part of the account, all of it or, if anything is raised, nothing.

    The caller discards the staging in each case.

    Args:
        account: Whose it becomes.
        place: Where it is staged.
        messages: How many there are.
        check: Told how many are prepared, before anything is seen; raises to give up.

    Raises:
        OverQuotaError: There is no room for all of it.
        UidsExhaustedError: A mailbox gave its last UID.
        StagingOvertakenError: The ids it chose were given meanwhile.
        OSError: The disk has a problem.
    """
    for done in range(0, messages, _TOGETHER):
        check(done)
        first = place.first_id + done
        await account.write(_copier(place, first, first + _TOGETHER - 1))
    check(messages)
    return await account.write(lambda tx: commit_staged(tx, place))


def _copier(place: StagingPlace, first: int, last: int) -> Callable[[Tx], None]:
    return lambda tx: copy_contents(tx, place, first, last)


async def discard_staging(account: Account) -> bool:
    """Remove what was staged, committed or not; say whether there was anything. No import may be running.

    Raises:
        OSError: It cannot be removed.
    """
    place = left_staging(account)
    if place is None:
        return False
    lasts = is_committed(account.reader, place)
    if not lasts and place.first_id:
        while await account.write(lambda tx: drop_contents(tx, place.first_id)):
            pass
    await asyncio.to_thread(remove_staging, place, account.files, is_committed=lasts)
    return True
