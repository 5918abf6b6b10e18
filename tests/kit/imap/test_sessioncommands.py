"""Commands and responses of the smaller extensions: read, refused, written and read again."""

import pytest

from moxkit.imap import (
    NEED_DATA,
    And,
    BadCommand,
    ClientMachine,
    Command,
    Compress,
    Condition,
    ConditionKind,
    EmailIdKey,
    Fetch,
    FetchAttribute,
    FetchData,
    GenUrlAuth,
    GenUrlAuthData,
    InProgressCode,
    Language,
    LanguageData,
    Limits,
    MailboxIdCode,
    Noop,
    Not,
    QuotaData,
    QuotaResource,
    QuotaRootData,
    ResetKey,
    Response,
    Search,
    ServerMachine,
    SetQuota,
    Status,
    StatusData,
    StatusItem,
    Tagged,
    ThreadIdKey,
    Unauthenticate,
    UrlFetch,
    UrlFetchData,
    parse_sequence_set,
)

GOOD: list[tuple[str, Command]] = [
    ("COMPRESS deflate", Compress("DEFLATE")),  # RFC 4978 §3
    ("unauthenticate", Unauthenticate()),  # RFC 8437 §3
    ("LANGUAGE", Language()),  # RFC 5255 §3.2
    ('LANGUAGE FR-CA "EN-CA" i-default', Language(("FR-CA", "EN-CA", "i-default"))),
    (
        'SETQUOTA "#user/alice" (STORAGE 510 MESSAGE 2)',
        SetQuota("#user/alice", (("STORAGE", 510), ("MESSAGE", 2))),
    ),
    ('SETQUOTA "" ()', SetQuota("", ())),  # RFC 9208 §4.1.3
    ("RESETKEY", ResetKey()),  # RFC 4467
    ("RESETKEY INBOX internal XSAMPLE", ResetKey("INBOX", ("INTERNAL", "XSAMPLE"))),
    ('GENURLAUTH "imap://a" INTERNAL imap://b x', GenUrlAuth((("imap://a", "INTERNAL"), ("imap://b", "X")))),
    ('URLFETCH "imap://a b" imap://c', UrlFetch(("imap://a b", "imap://c"))),
    ("STATUS x (mailboxid)", Status("x", (StatusItem.MAILBOXID,))),  # RFC 8474 §4.3
    (
        "SEARCH EMAILID M6d99ac3275bb4e NOT THREADID T64b478a75b7ea9",  # RFC 8474 §6
        Search(And((EmailIdKey("M6d99ac3275bb4e"), Not(ThreadIdKey("T64b478a75b7ea9"))))),
    ),
    (
        "FETCH 1:* (EMAILID THREADID)",  # RFC 8474 §5.3
        Fetch(parse_sequence_set(b"1:*"), (FetchAttribute.EMAILID, FetchAttribute.THREADID)),
    ),
]

REFUSED = [
    "COMPRESS",
    "COMPRESS (x)",
    "UNAUTHENTICATE now",
    "LANGUAGE ",
    'LANGUAGE ""',
    "LANGUAGE toolongalanguage",
    'LANGUAGE "a b"',
    "LANGUAGE" + " en" * 101,
    "SETQUOTA x",
    "SETQUOTA x (STORAGE)",
    "SETQUOTA x (STORAGE -1)",
    "SETQUOTA x (STORAGE 1 )",
    "RESETKEY ",
    "GENURLAUTH x",
    "GENURLAUTH x INTERNAL y",
    "URLFETCH",
    "URLFETCH" + " x" * 101,
    "SEARCH EMAILID",
    "SEARCH EMAILID a.b",
    "SEARCH THREADID " + "x" * 256,
    "FETCH 1 EMAILID[]",
]

RESPONSES: list[Response] = [
    LanguageData(("en", "i-default")),
    QuotaData("", ()),
    QuotaData("#user/alice", (QuotaResource("STORAGE", 54, 111), QuotaResource("MESSAGE", 42, 1000))),
    QuotaRootData("Größe", ("", "a b")),
    GenUrlAuthData(("imap://a/;uid=1;urlauth=anonymous:internal:00", "b c")),
    UrlFetchData((("imap://a", b"octets\r\nof it"), ("imap://b", None), ("imap://c", b""))),
    StatusData("x", ((StatusItem.MAILBOXID, "F2212ea87-6097"), (StatusItem.MESSAGES, 3))),
    # RFC 9585 §4
    Condition(ConditionKind.OK, "still working", InProgressCode("A001", 454, 1000)),
    Condition(ConditionKind.OK, "still working", InProgressCode("A001", 454, None)),
    Condition(ConditionKind.OK, "still working", InProgressCode("A001")),
    Condition(ConditionKind.OK, "still working", InProgressCode(None, 1, 2)),
    Condition(ConditionKind.OK, "still working", InProgressCode()),
    Condition(ConditionKind.OK, "done", MailboxIdCode("F2212ea87-6097"), "a1"),
]


def read(octets: bytes) -> object:
    machine = ServerMachine(Limits())
    machine.receive_data(b"a0 NOOP\r\n" + octets)
    assert machine.next_event() == Tagged("a0", Noop())
    return machine.next_event()


@pytest.mark.parametrize(("line", "command"), GOOD)
def test_reads_and_client_writes(line: str, command: Command) -> None:
    assert read(f"a1 {line}\r\n".encode()) == Tagged("a1", command)
    client = ClientMachine()
    client.literal_plus = True
    client.send(command)
    assert read(client.data_to_send()) == Tagged("a1", command)


@pytest.mark.parametrize("line", REFUSED)
def test_refuses(line: str) -> None:
    assert isinstance(read(f"a1 {line}\r\n".encode()), BadCommand)


@pytest.mark.parametrize("response", RESPONSES)
def test_client_reads_what_server_writes(response: Response) -> None:
    client = ClientMachine()
    for octet in response.encode():  # type: ignore[union-attr]  # FetchData and OtherData are not among them
        client.receive_data(bytes([octet]))
    assert client.next_event() == response
    assert client.next_event() is NEED_DATA


def test_identifiers_of_messages_are_read() -> None:
    client = ClientMachine()
    client.receive_data(
        b"* 1 FETCH (EMAILID (M1) THREADID (T2))\r\n* 2 FETCH (EMAILID (M3) THREADID NIL)\r\n"
    )
    assert client.next_event() == FetchData(1, email_id="M1", thread_id="T2")
    assert client.next_event() == FetchData(2, email_id="M3", thread_id=None)
