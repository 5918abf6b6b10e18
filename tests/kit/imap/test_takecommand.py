"""Every command as a server reads it: the form on the wire, and what is refused."""

from datetime import date

import pytest

from moxkit.imap import (
    AgeKey,
    AllKey,
    And,
    Authenticate,
    BinaryPart,
    BinarySize,
    BodySection,
    Capability,
    Check,
    Close,
    Command,
    ConnectionState,
    Copy,
    Create,
    DateField,
    DateKey,
    DateRelation,
    Delete,
    Enable,
    Expunge,
    Fetch,
    FetchAttribute as Item,
    FlagKey,
    GetQuota,
    GetQuotaRoot,
    HeaderKey,
    Id,
    Idle,
    ListCommand,
    Login,
    Logout,
    Lsub,
    ModSeqKey,
    Move,
    Namespace,
    Noop,
    Not,
    NumberKey,
    Or,
    Partial,
    QresyncParameters,
    RecentKey,
    Rename,
    SaveDateSupportedKey,
    Search,
    SearchKey,
    Section,
    SectionText,
    Select,
    SequenceSet,
    SizeKey,
    StartTls,
    Status,
    StatusItem,
    Store,
    StoreAction,
    Subscribe,
    TextKey,
    Unselect,
    Unsubscribe,
    allowed,
)
from moxkit.imap.errors import CommandSyntaxError
from moxkit.imap.lexer import Cursor
from moxkit.imap.takecommand import take_command

ONE = SequenceSet(((1, 1),))
FAST = (Item.FLAGS, Item.INTERNALDATE, Item.RFC822_SIZE)


def parsed(arguments: bytes, *, nesting: int = 50) -> object:
    return take_command(Cursor(b"a1 " + arguments, nesting=nesting))


GOOD: list[tuple[bytes, Command]] = [
    (b"CAPABILITY", Capability()),
    (b"nOOp", Noop()),
    (b"LOGOUT", Logout()),
    (b"STARTTLS", StartTls()),
    (b"NAMESPACE", Namespace()),
    (b"IDLE", Idle()),
    (b"CHECK", Check()),
    (b"CLOSE", Close()),
    (b"UNSELECT", Unselect()),
    (b"EXPUNGE", Expunge()),
    (b"UID EXPUNGE 1", Expunge(ONE)),
    (b"ID NIL", Id()),
    (b"ID ()", Id()),
    (b'ID ("name" "x" "os" nil)', Id((("name", "x"), ("os", None)))),
    (b"AUTHENTICATE plain", Authenticate("PLAIN")),
    (b"AUTHENTICATE PLAIN =", Authenticate("PLAIN", b"")),
    (b"AUTHENTICATE PLAIN AGE=", Authenticate("PLAIN", b"AGE=")),
    (b'LOGIN a]b "c\\"d"', Login("a]b", 'c"d')),
    (b"ENABLE condstore X-1", Enable(("condstore", "X-1"))),
    (b"SELECT inbox", Select("inbox")),
    (b"SELECT &AOQ- (CONDSTORE)", Select("ä", condstore=True)),
    (b"EXAMINE x (qresync (1 2))", Select("x", read_only=True, qresync=QresyncParameters(1, 2))),
    (b"SELECT x (QRESYNC (1 2 (1 1)))", Select("x", qresync=QresyncParameters(1, 2, None, (ONE, ONE)))),
    (b"SELECT x (QRESYNC (1 2 1 (1 1)))", Select("x", qresync=QresyncParameters(1, 2, ONE, (ONE, ONE)))),
    (b"CREATE x/", Create("x/")),
    (b"CREATE x (USE (\\Sent Foo))", Create("x", ("\\Sent", "Foo"))),
    (b"DELETE nil", Delete("nil")),
    (b'RENAME "a b" c', Rename("a b", "c")),
    (b"SUBSCRIBE x", Subscribe("x")),
    (b"UNSUBSCRIBE x", Unsubscribe("x")),
    (b'LIST "" %', ListCommand("", ("%",))),
    (b'LIST "" ""', ListCommand("", ("",))),
    (b'LIST () "" *', ListCommand("", ("*",), extended=True)),
    (b'LIST "" (a* %b)', ListCommand("", ("a*", "%b"), extended=True)),
    (
        b'LIST (SPECIAL-USE remote) "" * RETURN (CHILDREN STATUS (UNSEEN) SUBSCRIBED CHILDREN)',
        ListCommand(
            "",
            ("*",),
            extended=True,
            selection=frozenset({"SPECIAL-USE", "REMOTE"}),
            returns=frozenset({"CHILDREN", "SUBSCRIBED"}),
            status=(StatusItem.UNSEEN,),
        ),
    ),
    (b'LSUB "" x%', Lsub("", "x%")),
    (b"STATUS x (messages SIZE messages)", Status("x", (StatusItem.MESSAGES, StatusItem.SIZE))),
    (b'GETQUOTA ""', GetQuota("")),
    (b"GETQUOTAROOT inbox", GetQuotaRoot("inbox")),
    (b"FETCH 1 fast", Fetch(ONE, FAST)),
    (b"FETCH 1 ALL", Fetch(ONE, (*FAST, Item.ENVELOPE))),
    (b"FETCH 1 FULL", Fetch(ONE, (*FAST, Item.ENVELOPE, Item.BODY))),
    (b"FETCH 1 (UID UID)", Fetch(ONE, (Item.UID,))),
    (b"FETCH 1 PREVIEW (LAZY)", Fetch(ONE, (Item.PREVIEW_LAZY,))),
    (b"FETCH 1 PREVIEW (CHANGEDSINCE 5)", Fetch(ONE, (Item.PREVIEW,), changed_since=5)),
    (b"FETCH 1 body[]", Fetch(ONE, (BodySection(Section()),))),
    (
        b"FETCH 1 BODY[1.2.TEXT]<3.4>",
        Fetch(ONE, (BodySection(Section((1, 2), SectionText.TEXT), False, Partial(3, 4)),)),
    ),
    (b"FETCH 1 BINARY.PEEK[1]<0.1>", Fetch(ONE, (BinaryPart((1,), True, Partial(0, 1)),))),
    (b"FETCH 1 BINARY.SIZE[]", Fetch(ONE, (BinarySize(),))),
    (b"UID FETCH 1 UID (CHANGEDSINCE 5 VANISHED)", Fetch(ONE, (Item.UID,), True, 5, True)),
    (b"STORE 1 +flags.silent \\deleted x", Store(ONE, StoreAction.ADD, ("\\Deleted", "x"), silent=True)),
    (b"STORE 1 -FLAGS ($junk)", Store(ONE, StoreAction.REMOVE, ("$Junk",))),
    (
        b"UID STORE 1 (UNCHANGEDSINCE 0) FLAGS ()",
        Store(ONE, StoreAction.REPLACE, (), uid=True, unchanged_since=0),
    ),
    (b"COPY 1 x", Copy(ONE, "x")),
    (b"UID MOVE $ x", Move(SequenceSet((), saved=True), "x", uid=True)),
    (b"SEARCH RETURN () ALL", Search(AllKey(), returns=frozenset({"ALL"}))),
    (b"SEARCH CHARSET latin1 TEXT x", Search(TextKey("x"), charset="latin1")),
]


@pytest.mark.parametrize(("octets", "command"), GOOD, ids=repr)
def test_reads_command(octets: bytes, command: Command) -> None:
    assert parsed(octets) == command


BAD = [
    *(b"NOOP ", b"UID NOOP", b"UID CAPABILITY", b"FOO", b"LOGIN a", b"LOGIN a b c", b'LOGIN a "b'),
    *(
        b"ID",
        b'ID ("a")',
        b'ID ("a" "b" "A" "c")',
        b"ID (a b)",
        b"ENABLE",
        b"AUTHENTICATE",
        b"AUTHENTICATE PLAIN !",
    ),
    *(
        b"ID (" + b" ".join(b'"%d" NIL' % n for n in range(31)) + b")",
        b"SELECT",
        b"SELECT x ()",
        b"SELECT x (FOO)",
    ),
    *(b"SELECT x (QRESYNC)", b"SELECT x (QRESYNC (0 1))", b"SELECT x (QRESYNC (1 2 *))", b"SELECT &A"),
    *(
        b"SELECT \xc3\xa4",
        b"CREATE x (FOO)",
        b"CREATE x (USE (a)",
        b"RENAME a",
        b'LIST "" ()',
        b'LIST (FOO) "" *',
    ),
    *(
        b'LIST (RECURSIVEMATCH) "" *',
        b'LIST (REMOTE RECURSIVEMATCH) "" *',
        b'LIST "" * RETURN (FOO)',
        b'LIST ""',
    ),
    *(b'LIST "" * FOO (CHILDREN)', b"STATUS x ()", b"STATUS x (FOO)", b"STATUS x MESSAGES", b"UID EXPUNGE"),
    *(
        b"FETCH 0 FLAGS",
        b"FETCH 1",
        b"FETCH 1 ()",
        b"FETCH 1 FOO",
        b"FETCH 1 (FAST)",
        b"FETCH 1 BODY[",
        b"FETCH 1, UID",
    ),
    *(
        b"FETCH 1 BODY[MIME]",
        b"FETCH 1 BODY[0]",
        b"FETCH 1 BODY[1.FOO]",
        b"FETCH 1 BODY[]<1.0>",
        b"FETCH 1 BODY[]<1>",
    ),
    *(
        b"FETCH 1 BODY[HEADER.FIELDS ()]",
        b"FETCH 1 BODY[4294967296]",
        b"FETCH 1 BINARY[TEXT]",
        b"FETCH 1 UID[]",
    ),
    *(
        b"FETCH 1 UID (CHANGEDSINCE 1 VANISHED)",
        b"UID FETCH 1 UID (VANISHED)",
        b"FETCH 1 UID (FOO 1)",
        b"FETCH $ ",
    ),
    *(
        b"STORE 1 FLAGS",
        b"STORE 1 FLAGS (\\Recent)",
        b"STORE 1 FLAGS \\Foo",
        b"STORE 1 *FLAGS x",
        b"STORE 4294967296 FLAGS x",
    ),
    *(
        b"COPY 1",
        b"MOVE x y",
        b"SEARCH",
        b"SEARCH ()",
        b"SEARCH FOO",
        b"SEARCH RETURN (FOO) ALL",
        b"SEARCH RETURN (MIN)",
    ),
    *(
        b"SEARCH NOT",
        b"SEARCH OR ALL",
        b"SEARCH (ALL",
        b"SEARCH OLDER 0",
        b"SEARCH SINCE 30-Feb-2020",
        b"SEARCH SINCE 1-Foo-2020",
    ),
    *(
        b"SEARCH LARGER 9223372036854775808",
        b"SEARCH KEYWORD",
        b"SEARCH HEADER x",
        b"SEARCH SINCE 1-Jan-0000",
    ),
]


@pytest.mark.parametrize("octets", BAD)
def test_refuses_command(octets: bytes) -> None:
    with pytest.raises(CommandSyntaxError):
        parsed(octets)


DAY = date(2020, 2, 1)
SEEN = "\\Seen"
KEYS: list[tuple[bytes, SearchKey]] = [
    (b"ALL", AllKey()),
    (b"SEEN", FlagKey(SEEN, present=True)),
    (b"unseen", FlagKey(SEEN, present=False)),
    (b"UNANSWERED", FlagKey("\\Answered", present=False)),
    (b"KEYWORD $forwarded", FlagKey("$Forwarded", present=True)),
    (b"UNKEYWORD x", FlagKey("x", present=False)),
    (b"NEW", And((RecentKey(), FlagKey(SEEN, present=False)))),
    (b"OLD", Not(RecentKey())),
    (b"BCC x", HeaderKey("Bcc", "x")),
    (b'SUBJECT "\xc3\xa4"', HeaderKey("Subject", "ä")),
    (b'HEADER X-A ""', HeaderKey("X-A", "")),
    (b"BEFORE 1-feb-2020", DateKey(DateField.INTERNAL, DateRelation.BEFORE, DAY)),
    (b'SENTON "01-Feb-2020"', DateKey(DateField.SENT, DateRelation.ON, DAY)),
    (b"SAVEDSINCE 1-Feb-2020", DateKey(DateField.SAVED, DateRelation.SINCE, DAY)),
    (b"SAVEDATESUPPORTED", SaveDateSupportedKey()),
    (b"YOUNGER 5", AgeKey(older=False, seconds=5)),
    (b"LARGER 4294967296", SizeKey(larger=True, octets=4294967296)),
    (b"1", NumberKey(ONE, uid=False)),
    (b"UID 1", NumberKey(ONE, uid=True)),
    (b"$", NumberKey(SequenceSet((), saved=True), uid=False)),
    (b"MODSEQ 7", ModSeqKey(7)),
    (b'MODSEQ "/flags/\\\\draft" all 7', ModSeqKey(7)),
    (b"OR ALL NOT (1 ALL)", Or(AllKey(), Not(And((NumberKey(ONE, uid=False), AllKey()))))),
    (b"ALL ALL", And((AllKey(), AllKey()))),
]


@pytest.mark.parametrize(("octets", "key"), KEYS)
def test_reads_search_key(octets: bytes, key: SearchKey) -> None:
    assert parsed(b"SEARCH " + octets) == Search(key)


@pytest.mark.parametrize("opening", [b"(", b"NOT ", b"OR ALL ", b"OR "])
def test_nested_search_is_bounded(opening: bytes) -> None:
    with pytest.raises(CommandSyntaxError, match="nested"):
        parsed(b"SEARCH " + opening * 3000)
    assert parsed(b"SEARCH " + b"NOT " * 49 + b"ALL")


@pytest.mark.parametrize(
    ("name", "states"),
    [
        ("NOOP", "nas"),
        ("LOGIN", "n"),
        ("APPEND", "as"),
        ("EXAMINE", "as"),
        ("UID FETCH", "s"),
        ("CLOSE", "s"),
    ],
)
def test_commands_are_allowed_in_their_states(name: str, states: str) -> None:
    """RFC 9051 §6."""
    found = [state for state in ConnectionState if allowed(name, state)]
    letters = {
        "n": ConnectionState.NOT_AUTHENTICATED,
        "a": ConnectionState.AUTHENTICATED,
        "s": ConnectionState.SELECTED,
    }
    assert found == [letters[letter] for letter in states]


@pytest.mark.parametrize(("octets", "command"), GOOD, ids=repr)
def test_every_command_has_a_state(octets: bytes, command: Command) -> None:
    assert any(allowed(command, state) for state in ConnectionState)
    assert octets.upper().startswith(command.name.encode())
