"""What transcripts cannot say: TLS, SCRAM, lost files, timeouts, shutting down, and what is in the log."""

import base64
import hashlib
import hmac
import logging

import pytest

from moxkit.sasl import Mechanism, client_exchange
from moxkit.wiretrace import TRACE
from room.imapserver.letters import LETTERS
from room.imapserver.serving import PASSWORD, USER, Client, ImapHouse


async def authenticate(
    client: Client, mechanism: Mechanism, password: str, binding: bytes | None = None
) -> str:
    """Authenticate as a client does; return the tagged answer."""
    exchange = client_exchange(
        mechanism,
        username=USER,
        password=password,
        binding=None if binding is None else ("tls-exporter", binding),
    )
    first = exchange.start()
    await client.write(f"x AUTHENTICATE {mechanism} {base64.b64encode(first or b'').decode()}\r\n".encode())
    while (line := await client.read_line()).startswith(b"+ "):
        challenge = base64.b64decode(line[2:])
        answer = b"" if challenge.startswith(b"e=") else exchange.respond(challenge)
        await client.write(base64.b64encode(answer) + b"\r\n")
    assert exchange.is_complete == line.startswith(b"x OK")
    return line.decode().removeprefix("x ")


async def test_plaintext_behind_starttls_is_never_a_command(house: ImapHouse) -> None:
    house.uses_tls = True
    client = await house.connect()
    assert b" STARTTLS " in await client.read_line()
    # RFC 9051 §6.2.1: nothing of it may be executed, before or after the handshake.
    await client.write(b"a STARTTLS\r\nb NOOP\r\n")
    assert b"b OK" not in await client.reader.read()


async def test_starttls_lets_passwords_in(house: ImapHouse) -> None:
    house.uses_tls, house.allows_plaintext = True, False
    client = await house.connect()
    await client.read_line()
    assert (await client.ask("STARTTLS"))[-1].startswith("OK")
    await client.start_tls()
    capability = (await client.ask("CAPABILITY"))[0].split()
    assert not {"STARTTLS", "LOGINDISABLED"} & set(capability)
    assert "AUTH=PLAIN" in capability
    assert (await client.ask("STARTTLS"))[-1].startswith("BAD")
    await client.login()
    assert (await client.ask("SELECT Inbox"))[-1].startswith("OK")


async def test_scram_proves_both_sides(house: ImapHouse) -> None:
    await house.identities.credentials.set_password("mox", PASSWORD)
    for mechanism in (Mechanism.SCRAM_SHA_256, Mechanism.SCRAM_SHA_1):
        client = await house.connect()
        await client.read_line()
        # RFC 5802 §7: a wrong password ends in e=invalid-proof, which the client answers.
        assert (await authenticate(client, mechanism, "wrong password")).startswith(
            "NO [AUTHENTICATIONFAILED]"
        )
        assert (await authenticate(client, mechanism, PASSWORD)).startswith("OK [CAPABILITY ")
        assert (await client.ask("SELECT Inbox"))[-1].startswith("OK")


async def test_scram_plus_is_bound_to_the_connection(house: ImapHouse) -> None:
    house.uses_tls = True
    await house.identities.credentials.set_password("mox", PASSWORD)
    client = await house.connect()
    await client.read_line()
    await client.ask("STARTTLS")
    await client.start_tls()
    assert "AUTH=SCRAM-SHA-256-PLUS" in (await client.ask("CAPABILITY"))[0]
    assert house.sees_conn is not None
    binding = house.sees_conn.channel_binding("tls-exporter")
    assert binding is not None
    plus = Mechanism.SCRAM_SHA_256_PLUS
    assert (await authenticate(client, plus, PASSWORD, b"another connection's")).startswith("NO ")
    assert (await authenticate(client, plus, PASSWORD, binding)).startswith("OK ")


async def test_cram_md5_where_it_is_enabled(house: ImapHouse) -> None:
    house.is_cram_md5_on = True
    await house.identities.credentials.set_password("mox", PASSWORD)
    client = await house.connect()
    assert b" AUTH=CRAM-MD5 " in await client.read_line()
    await client.write(b"x AUTHENTICATE CRAM-MD5\r\n")
    challenge = base64.b64decode((await client.read_line())[2:])
    digest = hmac.new(PASSWORD.encode(), challenge, hashlib.md5).hexdigest()
    await client.write(base64.b64encode(f"{USER} {digest}".encode()) + b"\r\n")
    assert (await client.read_line()).startswith(b"x OK ")


async def test_no_password_is_in_the_log(house: ImapHouse, caplog: pytest.LogCaptureFixture) -> None:
    # One below traceauth, the level at which credentials may be shown.
    caplog.set_level(logging.DEBUG)
    client = await house.connect()
    await client.read_line()
    plain = base64.b64encode(b"\0someone\0" + PASSWORD.encode()).decode()
    await client.ask(f"AUTHENTICATE PLAIN {plain}")
    await client.ask(f"LOGIN {USER} {PASSWORD} extra")
    await client.login()
    await client.ask("LOGOUT")
    said = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    assert "sign-in failed" in said
    assert PASSWORD not in said
    assert plain not in said


async def test_a_trace_tells_neither_passwords_nor_content(
    house: ImapHouse, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(TRACE)
    client = await house.connect()
    await client.read_line()
    await client.ask(f"LOGIN {USER} {PASSWORD}")
    await client.write(b"a APPEND Inbox {30+}\r\nSubject: x\r\n\r\nmy secret words\r\n")
    assert b" OK " in await client.read_line()
    await client.ask("EXAMINE Inbox")
    assert any("my secret words" in line for line in await client.ask("UID FETCH * BODY[TEXT]"))
    said = "\n".join(f"{record.__dict__}" for record in caplog.records)
    assert "octets received" in said
    assert "EXAMINE Inbox" in said
    assert PASSWORD not in said
    assert "my secret words" not in said


async def test_inactive_client_is_told(house: ImapHouse) -> None:
    client = await house.signed_in()
    conn = house.sees_conn
    assert conn is not None
    assert conn.read_timeout is not None
    # RFC 9051 §5.4: at least 30 minutes once somebody signed in.
    assert conn.read_timeout >= 30 * 60
    conn._expired(reading=True, writing=False)
    assert (await client.read_line()).startswith(b"* BYE ")
    assert await client.read_line() == b""


async def test_idle_client_that_stays_away_is_told(house: ImapHouse) -> None:
    client = await house.selected()
    await client.write(b"i IDLE\r\n")
    assert (await client.read_line()).startswith(b"+ ")
    assert house.sees_conn is not None
    house.sees_conn._expired(reading=True, writing=False)
    assert (await client.read_line()).startswith(b"* BYE ")
    assert await client.read_line() == b""


async def test_shutdown_ends_conversations_politely(house: ImapHouse) -> None:
    client = await house.signed_in()
    house.shutdown.ask("test")
    assert (await client.ask("NOOP"))[0].startswith("* BYE ")
    late = await house.connect()
    assert (await late.read_line()).startswith(b"* BYE ")
    assert await late.read_line() == b""


async def test_lost_file_is_refused_without_half_a_response(
    house: ImapHouse, caplog: pytest.LogCaptureFixture
) -> None:
    await house.fill(["plain", "second"])
    client = await house.selected()
    for file in (house.directory / "accounts" / "mox" / "msg").rglob("*"):
        if file.is_file():
            file.unlink()
    caplog.set_level(logging.CRITICAL)
    answer = await client.ask("FETCH 1:2 (UID BODY.PEEK[TEXT])")
    assert [line[:16] for line in answer] == ["NO [UNAVAILABLE]"]
    assert (await client.ask("FETCH 1:2 ENVELOPE"))[-1].startswith("OK")


async def test_trouble_with_the_disk_refuses_the_append_alone(
    house: ImapHouse, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    client = await house.selected()
    size = 900_000
    await client.write(b"a APPEND Inbox {%d}\r\n" % size)
    assert (await client.read_line()).startswith(b"+ ")
    spools = house.directory / "tmp"
    spools.rmdir()
    await client.write(b"x" * size + b"\r\n")
    assert (await client.read_line()).startswith(b"a NO [UNAVAILABLE] ")
    assert (await client.ask("STATUS Inbox (MESSAGES)"))[0] == "* STATUS Inbox (MESSAGES 0)"


async def test_removed_message_is_still_given_to_who_was_not_told(house: ImapHouse) -> None:
    # RFC 9051 §7.5.1: until it was told of the removal, a session counts the message.
    await house.fill(["plain", "second"])
    client, other = await house.selected(), await house.selected()
    await other.ask("STORE 1 +FLAGS.SILENT (\\Deleted)")
    assert "* 1 EXPUNGE" in await other.ask("EXPUNGE")
    answer = await client.ask("FETCH 1:2 BODY.PEEK[TEXT]")
    assert "* 1 FETCH (BODY[TEXT] {27}" in answer
    assert answer[-1].startswith("OK [EXPUNGEISSUED]")
    assert "* 1 EXPUNGE" in await client.ask("NOOP")


async def test_select_tells_what_is_and_nothing_older(house: ImapHouse) -> None:
    await house.fill(["plain"])
    client, other = await house.signed_in(), await house.selected()
    await other.ask("STORE 1 FLAGS (\\Seen)")
    await other.ask("STORE 1 FLAGS (\\Answered)")
    answer = await client.ask("SELECT Inbox")
    assert not [line for line in answer if "FETCH" in line]


async def test_session_that_missed_changes_looks_again(house: ImapHouse) -> None:
    await house.fill(["plain", "second"])
    client, other = await house.selected(), await house.selected()
    await other.ask("STORE 1 +FLAGS.SILENT (\\Deleted)")
    await other.ask("EXPUNGE")
    await house.fill(["multipart"])
    for listener in house.account.switchboard._listeners:
        listener.take()
        listener.overflowed = True
    assert (await client.ask("NOOP"))[:-1] == ["* 1 EXPUNGE", "* 2 EXISTS"]


async def test_sessions_of_one_account_are_forgotten_when_they_go(house: ImapHouse) -> None:
    client = await house.selected()
    assert len(house.account.switchboard) == 1
    await client.ask("LOGOUT")
    assert await client.read_line() == b""
    assert len(house.account.switchboard) == 0


async def test_prefix_and_file_are_one_message(house: ImapHouse) -> None:
    await house.deposit(house.account, LETTERS["second"], prefix=b"Received: by test\r\n")
    client = await house.selected()
    whole = await client.ask("FETCH 1 BODY.PEEK[]")
    assert whole[:3] == ["* 1 FETCH (BODY[] {209}", "Received: by test", "From: c@sender.example"]
    # Across the seam.
    cut = await client.ask("FETCH 1 BODY.PEEK[]<10.15>")
    assert cut[:3] == ["* 1 FETCH (BODY[]<10> {15}", "by test", "From: )"]
    text = await client.ask("FETCH 1 BODY.PEEK[TEXT]")
    assert text[:2] == ["* 1 FETCH (BODY[TEXT] {14}", "Second text."]
