"""What each command does, one file for each family; all take the session and the command as a value.

`execute` runs a command of a signed-in client (and those anybody may use) and returns how it ended well; a
refusal is an exception, which the connection words.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from mox.imapserver.commands.copymove import copy, move
from mox.imapserver.commands.expunge import close, expunge
from mox.imapserver.commands.fetch import fetch
from mox.imapserver.commands.flags import store
from mox.imapserver.commands.hello import capability, check, enable, identify, namespace, noop
from mox.imapserver.commands.language import language
from mox.imapserver.commands.listing import list_mailboxes, lsub
from mox.imapserver.commands.mailboxes import create, delete, rename, subscribe, unsubscribe
from mox.imapserver.commands.metadata import get_metadata, set_metadata
from mox.imapserver.commands.multisearch import multi_search
from mox.imapserver.commands.notify import notify
from mox.imapserver.commands.quota import get_quota, get_quota_root, set_quota
from mox.imapserver.commands.search import cancel_update, search, sort, thread
from mox.imapserver.commands.select import select, unselect
from mox.imapserver.commands.status import status
from mox.imapserver.commands.urlauth import gen_url_auth, reset_key, url_fetch
from mox.imapserver.errors import RefusedError
from mox.imapserver.session import Done, Session
from mox.imapserver.uidonly import check_uids_only
from moxkit import imap

__all__ = ["execute"]

Run = Callable[[Session, str, Any], Awaitable[Done]]

_BY_TYPE: dict[type, Run] = {
    imap.Capability: capability,
    imap.Noop: noop,
    imap.Check: check,
    imap.Id: identify,
    imap.Enable: enable,
    imap.Namespace: namespace,
    imap.Language: language,
    imap.GetMetadata: get_metadata,
    imap.SetMetadata: set_metadata,
    imap.Notify: notify,
    imap.MultiSearch: multi_search,
    imap.GetQuota: get_quota,
    imap.GetQuotaRoot: get_quota_root,
    imap.SetQuota: set_quota,
    imap.GenUrlAuth: gen_url_auth,
    imap.ResetKey: reset_key,
    imap.UrlFetch: url_fetch,
    imap.Select: select,
    imap.Unselect: unselect,
    imap.Close: close,
    imap.Create: create,
    imap.Delete: delete,
    imap.Rename: rename,
    imap.Subscribe: subscribe,
    imap.Unsubscribe: unsubscribe,
    imap.ListCommand: list_mailboxes,
    imap.Lsub: lsub,
    imap.Status: status,
    imap.Fetch: fetch,
    imap.Store: store,
    imap.Search: search,
    imap.Sort: sort,
    imap.Thread: thread,
    imap.CancelUpdate: cancel_update,
    imap.Copy: copy,
    imap.Move: move,
    imap.Expunge: expunge,
}


async def execute(session: Session, tag: str, command: object) -> Done:
    """Execute a command.

    Raises:
        RefusedError: It is answered with NO or BAD.
        mox.store.StoreError: Likewise; the connection words it.
        moxkit.imap.MailboxNameError: Likewise.
    """
    run = _BY_TYPE.get(type(command))
    if run is None:
        raise RefusedError(
            f"{getattr(command, 'name', 'command')} is not supported", kind=imap.ConditionKind.BAD
        )
    if session.uid_only:
        check_uids_only(command)
    return await run(session, tag, command)
