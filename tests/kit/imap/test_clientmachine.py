"""Both machines against each other: what one writes, the other reads."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, strategies as st

from moxkit.imap import (
    NEED_DATA,
    AgeKey,
    And,
    AppendUid,
    Authenticate,
    BadCharset,
    BadResponse,
    BinaryPart,
    BinarySize,
    BodyPart,
    BodySection,
    Capability,
    CapabilityCode,
    CapabilityData,
    ClientMachine,
    Code,
    Command,
    Condition,
    ConditionKind,
    ContinuationRequest,
    Copy,
    CopyUid,
    Create,
    DateField,
    DateKey,
    DateRelation,
    Delete,
    Enable,
    EnabledData,
    EsearchData,
    ExistsData,
    Expunge,
    ExpungeData,
    Fetch,
    FetchAttribute,
    FetchData,
    FlagKey,
    FlagsData,
    GetQuota,
    GetQuotaRoot,
    HeaderKey,
    Id,
    IdData,
    Limits,
    ListCommand,
    ListData,
    Login,
    Lsub,
    LsubData,
    ModifiedCode,
    ModSeqKey,
    Move,
    Multipart,
    NamespaceData,
    NamespaceEntry,
    Not,
    NumberCode,
    NumberKey,
    Or,
    OtherData,
    OutgoingMessage,
    Partial,
    PermanentFlags,
    QresyncParameters,
    QuotaData,
    QuotaResource,
    QuotaRootData,
    RecentData,
    Rename,
    Search,
    SearchData,
    Section,
    SectionText,
    Select,
    SequenceSet,
    ServerMachine,
    SizeKey,
    Status,
    StatusData,
    StatusItem,
    Store,
    StoreAction,
    Subscribe,
    Tagged,
    TextKey,
    Unsubscribe,
    VanishedData,
    encode_fetch,
    part_content,
    part_date,
    part_flags,
    part_modseq,
    part_number,
    part_octets,
    part_preview,
    part_uid,
)

ONE = SequenceSet(((1, 1),))
SETS = SequenceSet(((1, 3), (7, 2**32)))

COMMANDS: list[Command] = [
    Capability(),
    Login("us er", 'p"\\w\r\n'),
    Login("NIL", "pässword"),
    Authenticate("PLAIN", b""),
    Authenticate("PLAIN", b"AGFiYw=="),
    Authenticate("PLAIN"),
    Id(),
    Id((("name", "x"), ("vendor", None))),
    Enable(("IMAP4rev2", "UTF8=ACCEPT")),
    Select("Entwürfe & mehr"),
    Select("INBOX", read_only=True, condstore=True),
    Select("a", qresync=QresyncParameters(1, 2**62, ONE, (ONE, ONE))),
    Create("x", ("\\Sent", "\\Junk")),
    Delete("NIL"),
    Rename("a b", "日本"),
    Subscribe("x/"),
    Unsubscribe("x"),
    ListCommand("", ("%",)),
    ListCommand("", ("*", "a%"), True, frozenset({"SUBSCRIBED", "RECURSIVEMATCH"}), frozenset({"CHILDREN"})),
    ListCommand("", ("*",), True, status=(StatusItem.MESSAGES, StatusItem.DELETED_STORAGE)),
    Lsub("", "*"),
    Status("x", (StatusItem.UIDNEXT, StatusItem.SIZE)),
    GetQuota(""),
    GetQuotaRoot("INBOX"),
    Expunge(),
    Expunge(SETS),
    Search(NumberKey(SETS, uid=True), uid=True, returns=frozenset({"MIN", "SAVE"}), charset="UTF-8"),
    Search(And((Or(TextKey("ü"), Not(HeaderKey("X-A", ""))), HeaderKey("From", "x y"), ModSeqKey(5)))),
    Search(
        Or(
            And((AgeKey(older=True, seconds=5), SizeKey(larger=False, octets=0))),
            FlagKey("$x", present=False),
        )
    ),
    Search(DateKey(DateField.SENT, DateRelation.SINCE, date(2020, 2, 29))),
    Fetch(SETS, (FetchAttribute.FLAGS, FetchAttribute.PREVIEW_LAZY, BinarySize((1, 2))), True, 7, True),
    Fetch(ONE, (BodySection(Section((1,), SectionText.MIME), True, Partial(0, 9)), BinaryPart())),
    Fetch(ONE, (BodySection(Section((), SectionText.HEADER_FIELDS, ("To", "a(b"))),)),
    Store(SETS, StoreAction.ADD, ("\\Seen", "$Junk", "x"), silent=True, uid=True, unchanged_since=0),
    Store(ONE, StoreAction.REPLACE, ()),
    Copy(ONE, "x", uid=True),
    Move(SequenceSet((), saved=True), "x"),
]


def talk(client: ClientMachine, server: ServerMachine) -> list[object]:
    """Carry octets both ways until nothing moves; return what the server heard."""
    heard: list[object] = []
    while octets := client.data_to_send():
        server.receive_data(octets)
        while (event := server.next_event()) is not NEED_DATA:
            heard.append(event)
            if type(event).__name__ == "AppendMessage":
                server.accept_literal()
        client.receive_data(server.data_to_send())
        assert client.next_event() is NEED_DATA
    return heard


@pytest.mark.parametrize("utf8", [False, True])
@pytest.mark.parametrize("literal_plus", [False, True])
@pytest.mark.parametrize("command", COMMANDS, ids=repr)
def test_server_reads_the_command_that_the_client_writes(
    command: Command, *, utf8: bool, literal_plus: bool
) -> None:
    server, client = ServerMachine(Limits()), ClientMachine()
    server.utf8_names = client.utf8 = utf8
    client.literal_plus = literal_plus
    tag = client.send(command)
    assert talk(client, server) == [Tagged(tag, command)]


def test_appends_several_messages() -> None:
    server, client = ServerMachine(Limits()), ClientMachine()
    date = datetime(2022, 7, 1, tzinfo=UTC)
    client.append(
        "Entwürfe\n", [OutgoingMessage(b"one", ("\\Seen",), date), OutgoingMessage(b"two", utf8=True)]
    )
    kinds = [type(event).__name__ for event in talk(client, server)]
    message = ["AppendMessage", "LiteralChunk"]
    assert kinds == ["AppendBegin", *message, *message, "AppendEnd"]


def test_refused_literal_is_not_sent_and_the_next_command_is() -> None:
    client = ClientMachine()
    first = client.append("x", [OutgoingMessage(b"secret")])
    client.send(Capability())
    assert client.data_to_send() == b"a1 APPEND x {6}\r\n"
    client.receive_data(b"a1 NO [OVERQUOTA] full\r\n")
    assert client.next_event() == Condition(ConditionKind.NO, "full", Code("OVERQUOTA"), first)
    assert client.data_to_send() == b"a2 CAPABILITY\r\n"


RESPONSES = [
    Condition(ConditionKind.OK, "hello {5}", CapabilityCode(("IMAP4rev2", "AUTH=PLAIN"))),
    Condition(ConditionKind.OK, "", NumberCode("UIDNEXT", 5), "a1"),
    Condition(ConditionKind.OK, "x", PermanentFlags(("\\Seen", "\\*"))),
    Condition(ConditionKind.NO, "x", BadCharset(("UTF-8", "a b")), "a1"),
    Condition(ConditionKind.OK, "x", AppendUid(7, SETS), "a1"),
    Condition(ConditionKind.OK, "x", CopyUid(7, ONE, ONE)),
    Condition(ConditionKind.OK, "x", ModifiedCode(ONE), "a1"),
    Condition(ConditionKind.BYE, "x", Code("X-Y".upper(), b"some thing")),
    ContinuationRequest(b"abc"),
    CapabilityData(("IMAP4rev1", "IDLE")),
    EnabledData(()),
    FlagsData(("\\Seen", "x")),
    ExistsData(5),
    RecentData(0),
    ExpungeData(3),
    VanishedData(ONE, earlier=True),
    SearchData((1, 2, 3), 9),
    SearchData(()),
    EsearchData("a1", True, 1, 9, 4, ONE, 7),
    EsearchData(),
    ListData(("\\Subscribed",), "/", "Entwürfe", ("SUBSCRIBED",), "old & new"),
    ListData((), None, "new\nline"),
    LsubData((), "/", "x"),
    StatusData("a b", ((StatusItem.MESSAGES, 5), (StatusItem.APPENDLIMIT, None))),
    IdData((("name", "mox"), ("version", None))),
    IdData(),
    NamespaceData((NamespaceEntry("", "/"),)),
    QuotaData("", (QuotaResource("STORAGE", 1, 2),)),
    QuotaRootData("INBOX", ("",)),
]


@pytest.mark.parametrize("utf8", [False, True])
@pytest.mark.parametrize("response", RESPONSES, ids=repr)
def test_client_reads_the_response_that_the_server_writes(response: ListData, *, utf8: bool) -> None:
    client = ClientMachine()
    client.utf8 = utf8
    for octet in response.encode(utf8=utf8):
        client.receive_data(bytes([octet]))
    assert client.next_event() == response
    assert client.unread == b""


STRUCTURE = (
    b'(("TEXT" "PLAIN" ("CHARSET" "utf-8") NIL NIL "7BIT" 5 1 NIL ("inline" NIL) ("de" "en") NIL)'
    b'("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 9 (NIL {4}\r\nsu"b NIL NIL NIL'
    b' (("A" NIL "a" "x")) NIL NIL NIL "<i>")'
    b' ("APPLICATION" "PDF" NIL NIL NIL "BASE64" 3) 4) "MIXED" ("BOUNDARY" "x") NIL NIL NIL (1 ("y")))'
)


def test_client_reads_fetch_data() -> None:
    date = datetime(2022, 7, 1, 1, 2, 3, tzinfo=UTC)
    octets = encode_fetch(
        3,
        [
            part_uid(9),
            part_flags(["\\Seen", "x"]),
            part_modseq(77),
            part_number(b"RFC822.SIZE", 5),
            part_number(b"BINARY.SIZE[1.2]", 6),
            part_date(b"INTERNALDATE", date),
            part_date(b"SAVEDATE", None),
            part_octets(b"BODYSTRUCTURE", STRUCTURE),
            part_content(b"BODY[1.MIME]<4>", b"a\r\n)"),
            part_content(b"BINARY[1]", b"\0", binary=True),
            part_preview("hi"),
        ],
    )
    client = ClientMachine()
    client.receive_data(octets)
    data = client.next_event()
    assert isinstance(data, FetchData)
    assert (data.number, data.uid, data.flags, data.modseq, data.size) == (3, 9, ("\\Seen", "x"), 77, 5)
    assert (data.internal_date, data.save_date, data.preview) == (date, None, "hi")
    assert data.binary_sizes == (((1, 2), 6),)
    assert [(content.section.part, content.origin, content.octets) for content in data.contents] == [
        ((1,), 4, b"a\r\n)"),
        ((1,), None, b"\0"),
    ]
    structure = data.body_structure
    assert isinstance(structure, Multipart)
    first, second = structure.parts
    assert isinstance(first, BodyPart)
    assert isinstance(second, BodyPart)
    assert (first.parameters, first.lines, first.extension.languages) == (
        (("CHARSET", "utf-8"),),
        1,
        ("de", "en"),
    )
    assert second.envelope is not None
    assert (second.envelope.subject, second.envelope.to[0].host) == ('su"b', "x")


@pytest.mark.parametrize(
    "octets",
    [
        b"* 1 FETCH (BODY " + b"(" * 5000 + b"\r\n",
        b"* LIST () x y\r\n",
        b"* 1 FETCH (UID 0)\r\n",
        b"a1 MAYBE x\r\n",
        b"* 1 FETCH (BODY[] {999999999999}\r\n",
        b"* VANISHED 99999999999\r\n",
    ],
)
def test_client_stops_at_what_is_not_imap(octets: bytes) -> None:
    client = ClientMachine()
    client.receive_data(octets)
    assert isinstance(client.next_event(), BadResponse)
    client.receive_data(b"* OK x\r\n")
    assert client.next_event() is NEED_DATA


def test_client_hands_out_data_of_unknown_extensions() -> None:
    client = ClientMachine()
    client.receive_data(b'* XDATA "" /private/comment\r\n')
    assert client.next_event() == OtherData("XDATA", b'"" /private/comment')


PIECES = st.sampled_from(
    [b"* ", b"1 FETCH (", b"FLAGS ", b"(", b")", b"\r\n", b"{1}\r\n", b'"', b"BODY[", b"] ", b"NIL "]
)


@given(st.lists(st.one_of(PIECES, st.binary(max_size=4))).map(b"".join))
def test_noise_gives_responses_or_a_bad_response(noise: bytes) -> None:
    client = ClientMachine()
    client.receive_data(noise + b"\r\n")
    while client.next_event() is not NEED_DATA:
        pass
