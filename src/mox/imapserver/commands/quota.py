"""GETQUOTA, GETQUOTAROOT, SETQUOTA (RFC 9208 §4.1): one root for each account, named by nothing."""

from mox.imapserver.errors import RefusedError
from mox.imapserver.session import Done, Session
from mox.store import quota_usage
from moxkit.imap import (
    GetQuota,
    GetQuotaRoot,
    QuotaData,
    QuotaResource,
    QuotaRootData,
    SetQuota,
    check_mailbox_name,
)

__all__ = ["get_quota", "get_quota_root", "set_quota"]

_ROOT = ""


def _write_quota(session: Session) -> None:
    """Tell what is limited: a resource without a limit is not named (RFC 9208 §4.2.1)."""
    usage = quota_usage(session.mail.reader)
    limits = session.mail.quota
    resources = []
    if limits.octets:
        # Units of 1024 octets (RFC 9208 §5.1), rounded up, so that something is never nothing.
        resources.append(QuotaResource("STORAGE", -(-usage.octets // 1024), -(-limits.octets // 1024)))
    if limits.messages:
        resources.append(QuotaResource("MESSAGE", usage.messages, limits.messages))
    if limits.mailboxes:
        resources.append(QuotaResource("MAILBOX", usage.mailboxes, limits.mailboxes))
    session.write(QuotaData(_ROOT, tuple(resources)).encode(utf8=session.utf8))


async def get_quota(session: Session, _tag: str, command: GetQuota) -> Done:
    """Tell usage and limits of the one root."""
    if command.root != _ROOT:
        raise RefusedError("no such quota root", "NONEXISTENT")
    _write_quota(session)
    return Done("quota told")


async def get_quota_root(session: Session, _tag: str, command: GetQuotaRoot) -> Done:
    """Tell what a mailbox counts for; it need not exist (RFC 9208 §4.1.2)."""
    name = check_mailbox_name(command.mailbox)
    session.write(QuotaRootData(name, (_ROOT,)).encode(utf8=session.utf8))
    _write_quota(session)
    return Done("quota root told")


async def set_quota(_session: Session, _tag: str, _command: SetQuota) -> Done:
    """Refuse: limits are the administrator's, QUOTASET is not announced (RFC 9208 §4.1.3)."""
    raise RefusedError("limits are set in the configuration", "NOPERM")
