"""The search index changes no answer: complete, half built, missing, damaged or of another time."""

import asyncio
import base64
import quopri
import shutil
import time
from pathlib import Path
from random import Random

import pytest

from mox.database import Connection
from mox.store import (
    Account,
    Store,
    copy_messages,
    expunge_messages,
    get_mailbox,
    move_messages,
    search_messages,
)
from mox.store.searchindex import FieldText, fold
from moxkit.imap import (
    And,
    BodyKey,
    DateField,
    DateKey,
    DateRelation,
    HeaderKey,
    Not,
    Or,
    SearchKey,
    TextKey,
)
from moxkit.message import parse_date
from moxkit.testing import FakeClock
from room.deposits import Deposit

WORDS = (
    "alpha", "Beta", "gäß", "STRASSE", "straße", "Ωmega", "délta", "de\u0301lta", "ﬁnal", "İstanbul",
    "日本語", "kelvin \u212a", "a", "ab", '"quoted"', "O'Neil", "100%", "x AND y", "naïve", "😀😁😂",
    "\u1e9eharp", "ὈΔΥΣΣΕΎΣ",
)  # fmt: skip
CHARSETS = ("utf-8", "iso-8859-1", "utf-16", "shift_jis", "koi8-r", "x-unknown", "utf-7")


def word(random: Random) -> str:
    return random.choice(WORDS)


def phrase(random: Random) -> str:
    return " ".join(random.choices(WORDS, k=random.randint(1, 6)))


def encoded_word(random: Random, text: str) -> str:
    octets = text.encode()
    if random.random() < 0.5:
        return f"=?utf-8?B?{base64.b64encode(octets).decode()}?="
    return "=?UTF-8?q?" + "".join(f"={octet:02X}" for octet in octets) + "?="


def shown(random: Random, text: str) -> str:
    return encoded_word(random, text) if random.random() < 0.6 else text


def text_part(random: Random) -> bytes:
    charset, kind = random.choice(CHARSETS), random.choice(("plain", "plain", "html"))
    text = phrase(random)
    if kind == "html":
        text = f"<p>{text}</p>"
    try:
        raw = text.encode(charset)
    except (LookupError, UnicodeEncodeError):
        raw = text.encode()
    encoding = random.choice(("8bit", "base64", "quoted-printable", "x-nobody-knows"))
    coded = {"base64": base64.encodebytes, "quoted-printable": quopri.encodestring}.get(encoding, bytes)(raw)
    name = "filename*=utf-8''na%C3%AFve.txt" if random.random() < 0.3 else "filename=plain.txt"
    return (
        f"Content-Type: text/{kind}; charset={charset}\r\nContent-Disposition: inline; {name}\r\n"
        f"Content-Transfer-Encoding: {encoding}\r\n\r\n"
    ).encode() + coded


def entity(random: Random, depth: int = 0) -> bytes:
    chance = random.random()
    if depth < 3 and chance < 0.3:
        parts = b"".join(b"--b%d\r\n%b\r\n" % (depth, entity(random, depth + 1)) for _ in range(2))
        return b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n%b--b%d--\r\n" % (depth, parts, depth)
    if depth < 3 and chance < 0.4:
        return b"Content-Type: message/rfc822\r\n\r\n" + message(random, depth + 1)
    if chance < 0.45:
        return b"Content-Type: application/octet-stream\r\n\r\nalpha hidden"
    return text_part(random)


def message(random: Random, depth: int = 0) -> bytes:
    if random.random() < 0.03:
        return random.choice((b"", b"no header at all", b"\r\nonly a body", b"Subject: only\r\n", b"\0\xff"))
    lines = [f"Subject: {shown(random, phrase(random))}"] if random.random() < 0.9 else []
    lines += [f"From: {shown(random, word(random))} <{random.choice('abc')}@x.example>"]
    if random.random() < 0.5:
        lines.append(f"To: team: a@x.example,\r\n {shown(random, word(random))} <b@y.example>;")
    if random.random() < 0.3:
        lines.append(f"X-Other: {shown(random, phrase(random))}")
    if random.random() < 0.1:
        lines.append("Subject: a second one")
    if random.random() < 0.1:
        lines.append("X-Long: " + "y" * 20_000)
    if random.random() < 0.8:
        lines.append(f"Date: {random.randint(1, 28)} Dec 2029 23:30:00 -0800")
    return "\r\n".join([*lines, ""]).encode("utf-8") + entity(random, depth)


def text_query(random: Random) -> str:
    text = phrase(random) if random.random() < 0.2 else word(random)
    if random.random() < 0.4:
        start = random.randrange(len(text))
        text = text[start : start + random.randint(1, 8)]
    return random.choice((text, text.upper(), text.lower(), text.swapcase(), "nothing like it"))


def leaf(random: Random) -> SearchKey:
    chance = random.random()
    if chance < 0.3:
        return TextKey(text_query(random))
    if chance < 0.55:
        return BodyKey(text_query(random))
    if chance < 0.9:
        name = random.choice(
            ("From", "To", "Cc", "Bcc", "Subject", "subject", "X-Other", "Content-Disposition")
        )
        return HeaderKey(name, random.choice((text_query(random), text_query(random), "")))
    day = parse_date(b"%d Dec 2029 00:00 +0000" % random.randint(1, 28))
    assert day is not None
    return DateKey(DateField.SENT, random.choice(list(DateRelation)), day.date())


def query(random: Random, depth: int = 0) -> SearchKey:
    chance = random.random()
    if depth > 2 or chance < 0.5:
        return leaf(random)
    if chance < 0.65:
        return Not(query(random, depth + 1))
    if chance < 0.8:
        return Or(query(random, depth + 1), query(random, depth + 1))
    return And(tuple(query(random, depth + 1) for _ in range(random.randint(1, 3))))


async def answers(account: Account, keys: list[SearchKey], clock: FakeClock) -> list[list[int]]:
    inbox = get_mailbox(account.reader, "Inbox").id
    return [await search_messages(account, inbox, key, now=clock.now()) for key in keys]


async def fill(account: Account) -> None:
    while await account.search_index.fill():
        pass


def database(store: Store) -> Path:
    return store.account("mox").files.root.parent / "search.db"


@pytest.mark.parametrize("seed", range(6))
async def test_answers_are_the_same_in_every_state(
    store: Store, deposit: Deposit, clock: FakeClock, seed: int
) -> None:
    random, account = Random(seed), store.account("mox")
    inbox = get_mailbox(account.reader, "Inbox").id
    for _ in range(25):
        await deposit(account, message(random), random.choice(("Inbox", "Inbox", "Archive")))
    keys = [query(random) for _ in range(60)]
    definition = await answers(account, keys, clock)
    assert any(definition), "the queries find something"

    await fill(account)
    assert await answers(account, keys, clock) == definition, "complete"

    # Half built: new messages, copies, moves and removals since.
    for _ in range(10):
        await deposit(account, message(random), prefix=b"X-Other: alpha Beta\r\n")
    await account.write(lambda tx: copy_messages(tx, inbox, [(1, 5)], "Archive"))
    await account.write(lambda tx: move_messages(tx, inbox, [(6, 9)], "Inbox"))
    await account.write(lambda tx: expunge_messages(tx, inbox, [10, 11]))
    half = await answers(account, keys, clock)
    await fill(account)
    assert await answers(account, keys, clock) == half, "half built"

    account.search_index.close()
    database(store).unlink()
    assert await answers(account, keys, clock) == half, "missing"
    await fill(account)
    assert await answers(account, keys, clock) == half, "made anew"


@pytest.mark.parametrize("seed", range(12))
async def test_damage_changes_no_answer_and_is_repaired(
    store: Store, deposit: Deposit, clock: FakeClock, seed: int
) -> None:
    random, account = Random(seed), store.account("mox")
    for _ in range(20):
        await deposit(account, message(random))
    keys = [query(random) for _ in range(20)]
    definition = await answers(account, keys, clock)
    await fill(account)
    account.search_index.close()
    path = database(store)
    octets = bytearray(path.read_bytes())
    match seed % 4:
        case 0:
            octets[: 100 + 4096 * seed] = random.randbytes(100 + 4096 * seed)
        case 1:
            octets = octets[: 4096 * seed + 17]
        case 2:
            # All pages but the first few: every table is hit.
            octets[4096 * seed :] = bytes(len(octets) - 4096 * seed)
        case _:
            octets = bytearray()
    path.write_bytes(octets)
    assert await answers(account, keys, clock) == definition
    await fill(account)
    assert await answers(account, keys, clock) == definition
    lookup = await account.search_index.look_up((), ())
    assert lookup.covered_id == 20, "it is complete again"


def put_back(saved: Path) -> None:
    for suffix in ("-wal", "-shm"):
        saved.with_name(f"index.db{suffix}").unlink(missing_ok=True)
    saved.replace(saved.with_name("index.db"))
    shutil.rmtree(saved.with_name("msg"))


async def test_an_index_of_another_time_is_made_anew(
    store: Store, deposit: Deposit, clock: FakeClock
) -> None:
    """The account was put back from a backup, and its ids are given a second time."""
    account = store.account("mox")
    await deposit(account, b"Subject: one\r\n\r\n")
    saved = account.files.root.parent / "saved.db"
    writing = Connection(saved.with_name("index.db"))
    writing.backup_to(saved)
    writing.close()
    await deposit(account, b"Subject: two\r\n\r\n")
    await fill(account)
    await store.close()
    put_back(saved)
    account = store.account("mox")
    await deposit(account, b"Subject: three\r\n\r\n")
    subjects: list[SearchKey] = [HeaderKey("Subject", value) for value in ("one", "two", "three")]
    before = await answers(account, subjects[1:], clock)
    await fill(account)
    assert before == await answers(account, subjects[1:], clock) == [[], [2]]


async def test_an_index_of_another_version_is_made_anew(
    store: Store, deposit: Deposit, clock: FakeClock
) -> None:
    account = store.account("mox")
    await deposit(account, b"Subject: one\r\n\r\n")
    await fill(account)
    await store.close()
    writing = Connection(account.files.root.with_name("search.db"))
    writing.run("UPDATE coverage SET version = '0/1.1'")
    writing.run("UPDATE field SET text = 'folded otherwise'")
    writing.close()
    account = store.account("mox")
    assert await answers(account, [HeaderKey("Subject", "one")], clock) == [[1]]
    await fill(account)
    assert await answers(account, [HeaderKey("Subject", "one")], clock) == [[1]]
    assert (await account.search_index.look_up((), ())).covered_id == 1


async def test_what_is_too_large_is_looked_into(store: Store, deposit: Deposit, clock: FakeClock) -> None:
    account = store.account("mox")
    await deposit(account, b"Subject: s\r\n\r\n" + b"x" * 2_100_000 + b" needle")
    await deposit(account, b"Subject: " + b"y" * 120_000 + b" needle\r\n\r\nsmall")
    await fill(account)
    keys: list[SearchKey] = [BodyKey("needle"), TextKey("needle"), HeaderKey("Subject", "needle")]
    assert await answers(account, keys, clock) == [[1], [1, 2], [2]]


CASES: list[tuple[SearchKey, bool]] = [
    (HeaderKey("Subject", "grüße aus"), True),
    (HeaderKey("Subject", "GRÜSSE AUS"), True),
    (HeaderKey("Subject", "=?utf-8?"), False),  # RFC 9051 §6.4.4: decoded before it is compared
    (HeaderKey("From", "jörg"), True),
    (HeaderKey("From", "j\u006f\u0308rg"), True),  # the same, decomposed
    (HeaderKey("Content-Disposition", "rechnung märz"), True),
    (HeaderKey("X-Folded", "one two"), True),
    (TextKey("rechnung märz.pdf"), True),  # RFC 9051 §6.4.4: including MIME header fields
    (TextKey("inner subject"), True),
    (BodyKey("inner subject"), False),  # BODY matches no header fields
    (BodyKey("inner text"), True),
    (BodyKey("STRASSE"), True),
    (BodyKey("<b>fett</b>"), True),
    (BodyKey("hidden in octets"), False),
    (TextKey("hidden in octets"), False),
]
MESSAGE = (
    b"Subject: =?utf-8?q?Gr=C3=BC?=\r\n =?utf-8?b?w59lIGF1cw==?=\r\n"
    b"From: =?iso-8859-1?q?J=F6rg?= <j@x.example>\r\nX-Folded: one\r\n two\r\n"
    b"Content-Disposition: inline; filename*=utf-8''Rechnung%20M%C3%A4rz.pdf\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\n"
    b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    b"Stra=DFe\r\n--b\r\nContent-Type: text/html\r\n\r\n<b>fett</b>\r\n"
    b"--b\r\nContent-Type: application/octet-stream\r\n\r\nhidden in octets\r\n"
    b"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner subject\r\n\r\ninner text\r\n--b--\r\n"
)


@pytest.mark.parametrize("indexed", [False, True])
async def test_looks_into_decoded_text(
    store: Store, deposit: Deposit, clock: FakeClock, *, indexed: bool
) -> None:
    account = store.account("mox")
    await deposit(account, MESSAGE)
    if indexed:
        await fill(account)
    found = await answers(account, [key for key, _ in CASES], clock)
    assert [(key, bool(uids)) for (key, _), uids in zip(CASES, found, strict=True)] == CASES


@pytest.mark.parametrize(
    ("left", "right"),
    [("ß", "ss"), ("ﬁ", "fi"), ("É", "e\u0301"), ("İ", "i\u0307"), ("Σ", "ς"), ("\u212a", "k")],
)
def test_folding_makes_equal_what_people_take_for_equal(left: str, right: str) -> None:
    assert fold(left) == fold(right)


def test_folding_leaves_nothing_a_database_refuses() -> None:
    folded = fold("a\0b\ud800c")
    assert folded == "a\ufffdb\ufffdc"
    assert fold("plain\0") == "plain\ufffd"


async def test_a_field_with_many_values_is_asked_for_row_by_row(store: Store, deposit: Deposit) -> None:
    account = store.account("mox")
    for _ in range(3):
        await deposit(account, b"Subject: measurement\r\nTo: measurement <a@x.example>\r\n\r\n")
    await fill(account)
    question = FieldText(4, "measurement")
    lookup = await account.search_index.look_up([question, FieldText(3, "")], [])
    assert lookup.exact[question] == {1, 2, 3}
    assert lookup.exact[FieldText(3, "")] == set()


@pytest.mark.parametrize(
    "text",
    [
        "a" + "\u0301\u0316" * 250_000,
        "\u0344" * 300_000,
        "\u1100\u1161" * 200_000,
        "\ufdfa" * 50_000,
        "\u0130" * 500_000,
    ],
    ids=["marks", "marks that are two", "hangul", "a ligature of words", "dotted i"],
)
def test_hostile_text_is_folded_in_bounded_time(text: str) -> None:
    began = time.perf_counter()
    assert len(fold(text)) >= len(text) // 2
    assert time.perf_counter() - began < 5


def test_only_combining_characters_are_kept_apart() -> None:
    emoji = "\U0001f600" * 100
    assert fold(emoji) == emoji
    musical = "\U0001d15e\U0001d165" * 50
    assert fold("x" + "\u0301" * 60).count("\u034f") == 1
    assert fold(musical).count("\u034f") == 0


async def test_searches_meet_an_index_that_is_being_made(
    store: Store, deposit: Deposit, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    account = store.account("mox")
    for number in range(20):
        await deposit(account, b"Subject: number %d\r\n\r\nbody" % number)
    keys: list[SearchKey] = [HeaderKey("Subject", "number 1"), TextKey("body")]
    definition = await answers(account, keys, clock)
    found = await asyncio.gather(
        *(answers(account, keys, clock) for _ in range(10)), fill(account), fill(account)
    )
    assert found[:10] == [definition] * 10
    assert "made anew" not in caplog.text
    account.search_index.note_damage(OSError("for a test"))
    found = await asyncio.gather(
        *(answers(account, keys, clock) for _ in range(10)), fill(account), fill(account)
    )
    assert found[:10] == [definition] * 10
    assert caplog.text.count("made anew") == 1
    assert (await account.search_index.look_up((), ())).covered_id == 20
