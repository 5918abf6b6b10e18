"""Accounts' mail: mailboxes, messages, flags, changes and files. All that keeps mail goes through here.

One SQLite database per account beside one file per message. Reads run inline on the loop; a change is a
function on a `Tx`, run in a worker thread, committed with others, on stable storage when `write` returns, and
then published to the account's listeners in commit order.

It knows no protocol's words: refusals are `StoreError`s with data, which each front door words by itself.
It does not decide where mail goes (`mox.delivery`) or who may do what (`mox.accounts`).

    account = store.account("mox")
    content, prepared = await store.prepare(spool)
    inbox = find_mailbox(account.reader, "Inbox")
    added = await account.write(lambda tx: add_message(tx, NewMessage(inbox.id, content, prepared)))
"""

from mox.store.account import Account
from mox.store.annotations import (
    MOST_ANNOTATION_OCTETS,
    MOST_ANNOTATIONS,
    Annotation,
    list_annotations,
    set_annotations,
)
from mox.store.aside import has_reject, reject_of, rejects_before
from mox.store.automaticflags import NO_RULES, JunkFlagRules
from mox.store.changes import (
    AnnotationsChanged,
    Change,
    FlagsChanged,
    KeywordsAdded,
    MailboxAdded,
    MailboxRemoved,
    MailboxRenamed,
    MessagesAdded,
    MessagesRemoved,
    SpecialUseChanged,
    SubscriptionAdded,
    SubscriptionRemoved,
)
from mox.store.consistency import check_consistency, check_index
from mox.store.contents import MOST_HEADER_OCTETS, open_content, read_header
from mox.store.copymove import Transferred, copy_messages, move_messages
from mox.store.decisions import Decisions, decisions_of
from mox.store.deposit import Added, Arrival, Aside, NewMessage, add_message, is_filed
from mox.store.directory import Store
from mox.store.errors import (
    AccountUnknownError,
    AnnotationsTooLargeError,
    KeywordInvalidError,
    MailboxExistsError,
    MailboxHasChildrenError,
    MailboxNotAllowedError,
    MailboxUnknownError,
    OverQuotaError,
    RightsSyntaxError,
    StagingExistsError,
    StagingOvertakenError,
    StoreError,
    TooManyAnnotationsError,
    UidsExhaustedError,
)
from mox.store.excerpts import copy_without
from mox.store.expunge import erase_due, expunge_all, expunge_deleted, expunge_messages
from mox.store.fetchblock import FetchColumn, fetch_block
from mox.store.files import MessageFiles
from mox.store.flagging import FlagsResult, change_flags
from mox.store.flags import NO_FLAGS, SYSTEM_FLAGS, Flag, FlagChange, Flags, FlagsAction, parse_flags
from mox.store.initial import DEFAULT_MAILBOXES
from mox.store.listing import ListedMessage, list_messages, read_message
from mox.store.mailboxes import (
    INBOX,
    SPECIAL_USES,
    Mailbox,
    create_mailbox,
    delete_mailbox,
    ensure_mailbox,
    find_mailbox,
    get_mailbox,
    list_mailboxes,
    list_subscriptions,
    rename_mailbox,
    set_special_use,
    subscribe,
    unsubscribe,
)
from mox.store.objectids import (
    email_object_id,
    mailbox_object_id,
    thread_object_id,
    uids_of_email,
    uids_of_thread,
)
from mox.store.prepared import Prepared, prepare, prepare_content
from mox.store.quota import NO_QUOTA, Quota, QuotaUsage, check_quota, quota_usage
from mox.store.reading import (
    MessageRow,
    StoredContent,
    first_unseen_uid,
    highest_modseq,
    live_uids,
    message_rows,
    stored_messages,
)
from mox.store.refusals import (
    NewRefusal,
    Refusal,
    find_refusal,
    known_pass_key,
    list_refusals,
    note_refusal,
    pass_key,
)
from mox.store.resync import ChangedMessage, changed_since, is_history_complete, removed_since
from mox.store.rights import ANYONE, Rights, list_rights, rights_of, set_rights
from mox.store.search import latest_modseq, search_messages
from mox.store.senders import Identity, IdentityKind, Judged, has_written_to, judged_messages, recent_arrivals
from mox.store.sorting import sort_messages, thread_messages
from mox.store.spool import Content, Spool
from mox.store.staging import StagedMessage, Staging
from mox.store.stagingcommit import Committed
from mox.store.stagingfiling import discard_staging, file_staged
from mox.store.stagingplace import StagingPlace, begin_staging
from mox.store.stagingthreads import thread_staged
from mox.store.switchboard import Batch, Listener
from mox.store.transaction import Tx
from mox.store.urlkeys import drop_url_keys, ensure_url_key, url_key

__all__ = [
    "ANYONE",
    "DEFAULT_MAILBOXES",
    "INBOX",
    "MOST_ANNOTATIONS",
    "MOST_ANNOTATION_OCTETS",
    "MOST_HEADER_OCTETS",
    "NO_FLAGS",
    "NO_QUOTA",
    "NO_RULES",
    "SPECIAL_USES",
    "SYSTEM_FLAGS",
    "Account",
    "AccountUnknownError",
    "Added",
    "Annotation",
    "AnnotationsChanged",
    "AnnotationsTooLargeError",
    "Arrival",
    "Aside",
    "Batch",
    "Change",
    "ChangedMessage",
    "Committed",
    "Content",
    "Decisions",
    "FetchColumn",
    "Flag",
    "FlagChange",
    "Flags",
    "FlagsAction",
    "FlagsChanged",
    "FlagsResult",
    "Identity",
    "IdentityKind",
    "Judged",
    "JunkFlagRules",
    "KeywordInvalidError",
    "KeywordsAdded",
    "ListedMessage",
    "Listener",
    "Mailbox",
    "MailboxAdded",
    "MailboxExistsError",
    "MailboxHasChildrenError",
    "MailboxNotAllowedError",
    "MailboxRemoved",
    "MailboxRenamed",
    "MailboxUnknownError",
    "MessageFiles",
    "MessageRow",
    "MessagesAdded",
    "MessagesRemoved",
    "NewMessage",
    "NewRefusal",
    "OverQuotaError",
    "Prepared",
    "Quota",
    "QuotaUsage",
    "Refusal",
    "Rights",
    "RightsSyntaxError",
    "SpecialUseChanged",
    "Spool",
    "StagedMessage",
    "Staging",
    "StagingExistsError",
    "StagingOvertakenError",
    "StagingPlace",
    "Store",
    "StoreError",
    "StoredContent",
    "SubscriptionAdded",
    "SubscriptionRemoved",
    "TooManyAnnotationsError",
    "Transferred",
    "Tx",
    "UidsExhaustedError",
    "add_message",
    "begin_staging",
    "change_flags",
    "changed_since",
    "check_consistency",
    "check_index",
    "check_quota",
    "copy_messages",
    "copy_without",
    "create_mailbox",
    "decisions_of",
    "delete_mailbox",
    "discard_staging",
    "drop_url_keys",
    "email_object_id",
    "ensure_mailbox",
    "ensure_url_key",
    "erase_due",
    "expunge_all",
    "expunge_deleted",
    "expunge_messages",
    "fetch_block",
    "file_staged",
    "find_mailbox",
    "find_refusal",
    "first_unseen_uid",
    "get_mailbox",
    "has_reject",
    "has_written_to",
    "highest_modseq",
    "is_filed",
    "is_history_complete",
    "judged_messages",
    "known_pass_key",
    "latest_modseq",
    "list_annotations",
    "list_mailboxes",
    "list_messages",
    "list_refusals",
    "list_rights",
    "list_subscriptions",
    "live_uids",
    "mailbox_object_id",
    "message_rows",
    "move_messages",
    "note_refusal",
    "open_content",
    "parse_flags",
    "pass_key",
    "prepare",
    "prepare_content",
    "quota_usage",
    "read_header",
    "read_message",
    "recent_arrivals",
    "reject_of",
    "rejects_before",
    "removed_since",
    "rename_mailbox",
    "rights_of",
    "search_messages",
    "set_annotations",
    "set_rights",
    "set_special_use",
    "sort_messages",
    "stored_messages",
    "subscribe",
    "thread_messages",
    "thread_object_id",
    "thread_staged",
    "uids_of_email",
    "uids_of_thread",
    "unsubscribe",
    "url_key",
]
