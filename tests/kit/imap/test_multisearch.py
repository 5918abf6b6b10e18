"""ESEARCH: the forms on the wire, refusals, round trip, and its answers (RFC 7377)."""

import pytest

from moxkit.imap import (
    AllKey,
    EsearchData,
    FilterKind,
    FlagKey,
    HeaderKey,
    MailboxFilter,
    MultiSearch,
    Search,
    SequenceSet,
    encode_command,
)
from moxkit.imap.errors import CommandSyntaxError
from moxkit.imap.lexer import Cursor
from moxkit.imap.readresponse import take_response
from moxkit.imap.takecommand import take_command

SELECTED = MailboxFilter(FilterKind.SELECTED)


def parsed(octets: bytes) -> object:
    return take_command(Cursor(b"a1 " + octets))


GOOD = [
    # RFC 7377 §3.
    (
        b'ESEARCH IN (mailboxes "folder1" subtree "folder2") unseen',
        MultiSearch(
            Search(FlagKey("\\Seen", present=False), uid=True),
            (
                MailboxFilter(FilterKind.MAILBOXES, ("folder1",)),
                MailboxFilter(FilterKind.SUBTREE, ("folder2",)),
            ),
        ),
    ),
    (
        b'ESEARCH IN (mailboxes "folder1" subtree-one "folder2") subject "chad"',
        MultiSearch(
            Search(HeaderKey("Subject", "chad"), uid=True),
            (
                MailboxFilter(FilterKind.MAILBOXES, ("folder1",)),
                MailboxFilter(FilterKind.SUBTREE_ONE, ("folder2",)),
            ),
        ),
    ),
    (b"ESEARCH ALL", MultiSearch(Search(AllKey(), uid=True))),
    (
        b"ESEARCH IN (selected selected) RETURN (MIN COUNT) CHARSET UTF-8 ALL",
        MultiSearch(
            Search(AllKey(), uid=True, returns=frozenset({"MIN", "COUNT"}), charset="UTF-8"), (SELECTED,)
        ),
    ),
]


@pytest.mark.parametrize(("octets", "command"), GOOD, ids=repr)
def test_reads_command(octets: bytes, command: MultiSearch) -> None:
    assert parsed(octets) == command


@pytest.mark.parametrize(("octets", "command"), GOOD, ids=repr)
def test_server_reads_what_the_client_writes(octets: bytes, command: MultiSearch) -> None:
    assert octets
    pieces = [piece for piece in encode_command(command) if isinstance(piece, bytes)]
    assert parsed(b"".join(pieces)) == command


@pytest.mark.parametrize(
    "octets",
    [
        b"ESEARCH",
        b"ESEARCH IN ALL",
        b"ESEARCH IN () ALL",
        b"ESEARCH IN (selected-delayed) ALL",
        b"ESEARCH IN (mailboxes) ALL",
        b"ESEARCH IN (personal) RETURN (FOO) ALL",
        # No scope options are defined (RFC 7377 §4).
        b"ESEARCH IN (personal (X Y)) ALL",
        b"UID ESEARCH ALL",
    ],
)
def test_refuses_command(octets: bytes) -> None:
    with pytest.raises(CommandSyntaxError):
        parsed(octets)


def test_save_is_for_the_selected_mailbox_alone() -> None:
    search = Search(AllKey(), uid=True)
    assert MultiSearch(search).is_selected_only
    assert MultiSearch(search, (SELECTED,)).is_selected_only
    assert not MultiSearch(search, (SELECTED, MailboxFilter(FilterKind.PERSONAL))).is_selected_only


@pytest.mark.parametrize("mailbox", ["folder2/banana", "a b", "ä", "NIL", 'q"'])
@pytest.mark.parametrize("utf8", [False, True])
def test_answer_says_where(mailbox: str, *, utf8: bool) -> None:
    data = EsearchData(tag="t", uid=True, all=SequenceSet(((1, 3),)), mailbox=mailbox, uidvalidity=503)
    octets = data.encode(utf8=utf8).removesuffix(b"\r\n")
    assert octets.startswith(b'* ESEARCH (TAG "t" MAILBOX ')
    assert take_response(Cursor(octets, utf8_names=utf8)) == data


def test_order_of_correlators_does_not_matter() -> None:
    octets = b'* ESEARCH (UIDVALIDITY 1 MAILBOX "folder1" TAG "tag1") UID ALL 4001,4003'
    assert take_response(Cursor(octets)) == EsearchData(
        tag="tag1", uid=True, all=SequenceSet(((4001, 4001), (4003, 4003))), mailbox="folder1", uidvalidity=1
    )
