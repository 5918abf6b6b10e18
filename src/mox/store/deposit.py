"""Filing a message: the one way in, for delivery, APPEND, import and what the server writes itself.

First `prepare` (parse and render, in a worker thread, no database), then `add_message` in a transaction.
The order on disk: the temporary file was synced before; link; directory sync; COMMIT; only then may the
client be told.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mox.database import Connection
from mox.store.aside import put_aside
from mox.store.automaticflags import automatic_flags
from mox.store.changes import MessagesAdded
from mox.store.correspondents import recipients_of
from mox.store.counters import CounterChange
from mox.store.errors import UidsExhaustedError
from mox.store.flagging import add_keywords
from mox.store.flags import NO_FLAGS, Flag, Flags
from mox.store.prepared import RENDER_VERSION, Prepared
from mox.store.quota import check_quota
from mox.store.senders import Identity, count_arrival, identities_json
from mox.store.spool import Content
from mox.store.threads import ThreadPlace, place_in_thread
from mox.store.times import imap_datetime
from mox.store.transaction import Tx

__all__ = ["Added", "Arrival", "Aside", "NewMessage", "add_message", "is_filed"]

_USE = "UPDATE account SET used_octets = used_octets + :octets"
_TAKE_UID = """UPDATE mailbox SET uidnext = uidnext + 1 WHERE id = :id
  RETURNING uidnext - 1, uidvalidity, name, special_use"""
_INSERT_MESSAGE = """INSERT INTO message(id, mailbox_id, uid, create_seq, modseq, flags, keywords, flags_text,
    received_at, saved_at, size, thread_id, message_id, base_subject, original_mailbox_id)
  VALUES (:id, :mailbox_id, :uid, :modseq, :modseq, :flags, :keywords, :flags_text,
    :received_at, :saved_at, :size, :thread_id, :message_id, :base_subject, :mailbox_id)"""
_INSERT_CONTENT = """INSERT INTO content(id, prefix, header, internaldate, envelope, bodystructure, body,
    render_version, needs_utf8, preview, problems, thread_parents, thread_missing_link,
    envelope_from, envelope_to, remote_ip, transport, decisions, identities)
  VALUES (:id, :prefix, :header, :internaldate, :envelope, :bodystructure, :body,
    :render_version, :needs_utf8, :preview, :problems, :thread_parents, :thread_missing_link,
    :envelope_from, :envelope_to, :remote_ip, :transport, :decisions, :identities)"""
_IS_FILED = "SELECT 1 FROM message WHERE message_id = :message_id AND expunged_at IS NULL LIMIT 1"
_LAST_UID = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a message came by SMTP.

    Attributes:
        envelope_from: Reverse path without brackets; empty for the null path.
        envelope_to: The recipient this copy was for.
        remote_ip: Of the client.
        transport: EHLO name, TLS version and cipher, whatever else is known of the connection.
        decisions: Each check with its result and reason, in order.
        identities: What is known of the sender.
    """

    envelope_from: str
    envelope_to: str
    remote_ip: str
    transport: Mapping[str, object] = field(default_factory=dict)
    decisions: tuple[Mapping[str, object], ...] = ()
    identities: tuple[Identity, ...] = ()


@dataclass(frozen=True, slots=True)
class Aside:
    """That a message is put aside.

    Attributes:
        mailbox_id: Where it would have gone.
        is_reject: It was refused; else its sender is new.
        content_hash: SHA-256 of its octets, of a reject.
    """

    mailbox_id: int
    is_reject: bool
    content_hash: bytes | None = None


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to be filed.

    Attributes:
        mailbox_id: Where.
        content: Its octets, synced.
        prepared: What was learned from them.
        prefix: Complete header lines of ours that go before them; the message is both.
        received_at: INTERNALDATE, Unix seconds; None for now.
        arrival: None when it did not come by SMTP.
        aside: None when it goes where it is meant for.
    """

    mailbox_id: int
    content: Content
    prepared: Prepared
    prefix: bytes = b""
    flags: Flags = NO_FLAGS
    received_at: int | None = None
    arrival: Arrival | None = None
    aside: Aside | None = None


@dataclass(frozen=True, slots=True)
class Added:
    """Where a message went."""

    id: int
    mailbox_id: int
    uidvalidity: int
    uid: int
    modseq: int
    size: int


def add_message(tx: Tx, new: NewMessage) -> Added:
    """File a message and announce it.

    Raises:
        OverQuotaError: No room; nothing was changed, and the transaction can go on.
        UidsExhaustedError: The mailbox gave its last UID.
    """
    prepared = new.prepared
    size = len(new.prefix) + prepared.size
    check_quota(tx, size)
    connection = tx.connection
    uid, uidvalidity, name, special_use = connection.row(_TAKE_UID, id=new.mailbox_id) or (0, 0, "", None)
    if uid > _LAST_UID:
        raise UidsExhaustedError(new.mailbox_id)
    id_ = tx.take_message_ids(1)
    received_at = tx.now if new.received_at is None else new.received_at
    bits = automatic_flags(tx.junk_flag_rules, name, special_use, int(new.flags.bits))
    flags = Flags(Flag(bits), new.flags.keywords)
    modseq, text = tx.modseq, flags.text
    place = place_in_thread(connection, prepared, mailbox_id=new.mailbox_id, received_at=received_at)
    connection.run(
        _INSERT_MESSAGE,
        id=id_,
        mailbox_id=new.mailbox_id,
        uid=uid,
        modseq=modseq,
        flags=bits,
        keywords=" ".join(flags.keywords),
        flags_text=text,
        received_at=received_at,
        saved_at=tx.now,
        size=size,
        thread_id=place.thread_id or id_,
        message_id=prepared.message_id or None,
        base_subject=prepared.base_subject or None,
    )
    identities = _identities(new, special_use)
    _insert_content(connection, id_, new, place=place, received_at=received_at, identities=identities)
    _note_arrival(tx, id_, new, size)
    counters = CounterChange()
    counters.add(bits, size)
    counters.apply(connection, new.mailbox_id, modseq)
    add_keywords(tx, new.mailbox_id, flags.keywords)
    tx.link_content(new.content, id_)
    tx.announce(MessagesAdded(new.mailbox_id, modseq, ((uid, text),)))
    return Added(id_, new.mailbox_id, uidvalidity, uid, modseq, size)


def _insert_content(
    connection: Connection,
    id_: int,
    new: NewMessage,
    *,
    place: ThreadPlace,
    received_at: int,
    identities: Sequence[Identity],
) -> None:
    """Keep what is told of a message without reading it."""
    prepared, arrival = new.prepared, new.arrival
    connection.run(
        _INSERT_CONTENT,
        id=id_,
        prefix=new.prefix,
        header=None if prepared.header is None else new.prefix + prepared.header,
        internaldate=imap_datetime(received_at),
        envelope=prepared.envelope,
        bodystructure=prepared.bodystructure,
        body=prepared.body,
        render_version=RENDER_VERSION,
        needs_utf8=prepared.needs_utf8,
        preview=prepared.preview,
        problems=_json(prepared.problems),
        thread_parents=json.dumps(place.parents, separators=(",", ":")),
        thread_missing_link=place.is_link_missing,
        envelope_from=arrival and arrival.envelope_from,
        envelope_to=arrival and arrival.envelope_to,
        remote_ip=arrival and arrival.remote_ip,
        transport=arrival and _json(arrival.transport),
        decisions=arrival and _json(arrival.decisions),
        identities=identities_json(identities),
    )


def _note_arrival(tx: Tx, id_: int, new: NewMessage, size: int) -> None:
    """Count its sender and its octets; put it aside if it is to be."""
    arrival, aside = new.arrival, new.aside
    if arrival is not None and arrival.identities:
        count_arrival(tx.connection, arrival.identities, octets=size, now=tx.now)
    if aside is not None:
        put_aside(
            tx.connection,
            id_,
            mailbox_id=aside.mailbox_id,
            is_reject=aside.is_reject,
            content_hash=aside.content_hash,
        )
    tx.connection.run(_USE, octets=size)


def _identities(new: NewMessage, special_use: str | None) -> tuple[Identity, ...]:
    if new.arrival is not None:
        return new.arrival.identities
    return recipients_of(new.prepared.header or b"") if special_use == "\\Sent" else ()


def is_filed(connection: Connection, message_id: str) -> bool:
    """Say whether the account has a message of this identifier, as `Prepared` has it."""
    return connection.row(_IS_FILED, message_id=message_id) is not None


def _json(value: object) -> str | None:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=dict) if value else None
