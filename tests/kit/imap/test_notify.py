"""NOTIFY: the forms on the wire, what must not be asked for together, round trip (RFC 5465 §8)."""

from contextlib import suppress

import pytest
from hypothesis import given, strategies as st

from moxkit.imap import (
    AllKey,
    BadEvent,
    EventGroup,
    FetchAttribute,
    FilterKind,
    MailboxFilter,
    Notify,
    NotifyEvent as Event,
    Search,
    encode_command,
)
from moxkit.imap.codes import take_code
from moxkit.imap.errors import CommandSyntaxError
from moxkit.imap.lexer import Cursor
from moxkit.imap.takecommand import take_command

BOTH = frozenset({Event.MESSAGE_NEW, Event.MESSAGE_EXPUNGE})
SELECTED = MailboxFilter(FilterKind.SELECTED)
PERSONAL = MailboxFilter(FilterKind.PERSONAL)


def parsed(octets: bytes) -> object:
    return take_command(Cursor(b"a1 " + octets))


@pytest.mark.parametrize(
    ("octets", "command"),
    [
        (b"notify none", Notify()),
        # RFC 5465 §6, both examples.
        (
            b"NOTIFY set (mailboxes INBOX (Messagenew messageExpunge)) (personal (SubscriptionChange))",
            Notify(
                (
                    EventGroup(MailboxFilter(FilterKind.MAILBOXES, ("INBOX",)), BOTH),
                    EventGroup(PERSONAL, frozenset({Event.SUBSCRIPTION_CHANGE})),
                )
            ),
        ),
        (
            b"NOTIFY set (selected (Messagenew (uid flags) messageExpunge))"
            b" (personal (MessageNew FlagChange MessageExpunge))",
            Notify(
                (
                    EventGroup(SELECTED, BOTH, (FetchAttribute.UID, FetchAttribute.FLAGS)),
                    EventGroup(PERSONAL, BOTH | {Event.FLAG_CHANGE}),
                )
            ),
        ),
        (
            b"NOTIFY SET STATUS (subtree (Lists &AOQ-) NONE)",
            Notify((EventGroup(MailboxFilter(FilterKind.SUBTREE, ("Lists", "ä"))),), status=True),
        ),
        (
            b"NOTIFY SET (subscribed (MailboxName FooBar))",
            Notify(
                (
                    EventGroup(
                        MailboxFilter(FilterKind.SUBSCRIBED),
                        frozenset({Event.MAILBOX_NAME}),
                        unknown=("FooBar",),
                    ),
                )
            ),
        ),
    ],
    ids=repr,
)
def test_reads_command(octets: bytes, command: Notify) -> None:
    assert parsed(octets) == command


@pytest.mark.parametrize(
    "octets",
    [
        b"NOTIFY",
        b"NOTIFY FOO",
        b"NOTIFY NONE ",
        b"NOTIFY SET",
        b"NOTIFY SET STATUS",
        b"NOTIFY SET FOO (personal NONE)",
        b"NOTIFY SET (nowhere NONE)",
        b"NOTIFY SET (personal ())",
        b"NOTIFY SET (personal NONEX)",
        b"NOTIFY SET (mailboxes NONE)",
        b"NOTIFY SET (mailboxes () NONE)",
        # subtree-one is of ESEARCH only (RFC 7377 §2.2).
        b"NOTIFY SET (subtree-one x NONE)",
        # RFC 5465 §5: together, and FlagChange with both.
        b"NOTIFY SET (personal (MessageNew))",
        b"NOTIFY SET (personal (MessageExpunge))",
        b"NOTIFY SET (personal (FlagChange))",
        b"NOTIFY SET (personal (AnnotationChange))",
        # RFC 5465 §6.1: events of messages only, and once.
        b"NOTIFY SET (selected (MailboxName))",
        b"NOTIFY SET (selected NONE) (selected-delayed NONE)",
        # RFC 5465 §8, comment on message-event.
        b"NOTIFY SET (personal (MessageNew (UID) MessageExpunge))",
        b"NOTIFY SET (selected (MessageNew (FOO) MessageExpunge))",
    ],
)
def test_refuses_command(octets: bytes) -> None:
    with pytest.raises(CommandSyntaxError):
        parsed(octets)


_groups = st.builds(
    EventGroup,
    st.one_of(
        st.just(PERSONAL),
        st.just(MailboxFilter(FilterKind.INBOXES)),
        st.lists(st.sampled_from(["a", "a/b", "c d", "ä"]), min_size=1, unique=True).map(
            lambda names: MailboxFilter(FilterKind.MAILBOXES, tuple(names))
        ),
    ),
    st.sampled_from([frozenset(), BOTH, frozenset(Event)]),
)


@given(st.builds(Notify, st.lists(_groups, max_size=4).map(tuple), st.booleans()))
def test_server_reads_what_the_client_writes(command: Notify) -> None:
    if not command.groups:
        command = Notify()
    pieces = [piece for piece in encode_command(command) if isinstance(piece, bytes)]
    assert parsed(b"".join(pieces)) == command


@given(st.binary(max_size=60))
def test_noise_gives_a_value_or_a_syntax_error(noise: bytes) -> None:
    with suppress(CommandSyntaxError):
        parsed(b"NOTIFY SET (personal (" + noise)


def test_code_names_events_on_both_sides() -> None:
    code = BadEvent(("MessageNew", "MailboxName"))
    assert bytes(code) == b"BADEVENT (MessageNew MailboxName)"
    assert take_code(Cursor(bytes(code))) == code


@pytest.mark.parametrize(
    "octets", [b"SEARCH RETURN (COUNT UPDATE (UID)) ALL", b"SEARCH RETURN (UPDATE(UID) COUNT) ALL"]
)
def test_results_can_fetch_what_is_new_in_them(octets: bytes) -> None:
    """RFC 5465 §7: the example has a space that the grammar has not."""
    command = Search(AllKey(), returns=frozenset({"COUNT", "UPDATE"}), update_items=(FetchAttribute.UID,))
    assert parsed(octets) == command
    pieces = [piece for piece in encode_command(command) if isinstance(piece, bytes)]
    assert parsed(b"".join(pieces)) == command


@pytest.mark.parametrize("option", [b"UPDATE ()", b"UPDATE (FAST)", b"COUNT (UID)", b"UPDATE  (UID)"])
def test_refuses_items_that_are_none(option: bytes) -> None:
    with pytest.raises(CommandSyntaxError):
        parsed(b"SEARCH RETURN (" + option + b") ALL")
