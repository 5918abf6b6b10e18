"""IMAPClient and aioimaplib, which most programs in Python use: their usual calls."""

import asyncio
import ssl
from datetime import UTC, datetime

import aioimaplib
import imapclient
import pytest

from endtoend.localserve import PASSWORD, USER, Localserve

pytestmark = pytest.mark.endtoend


def letter(n: int) -> bytes:
    answers = f"References: <py.{n - 1}@b.example>\r\n" if n % 2 else ""
    subject = f"{'Re: ' if n % 2 else ''}python {n // 2}"
    return (
        f"From: a{9 - n}@b.example\r\nTo: {USER}\r\nSubject: {subject}\r\nMessage-ID: <py.{n}@b.example>\r\n"
        f"{answers}Date: Tue, 1 Jan 2030 10:0{n}:00 +0000\r\n\r\nbody {n}\r\n"
    ).encode()


@pytest.fixture
def client(server: Localserve) -> imapclient.IMAPClient:
    context = ssl.create_default_context(cafile=str(server.certificate))
    client = imapclient.IMAPClient("localhost", server.imap, ssl=False)
    client.starttls(context)
    client.login(USER, PASSWORD)
    return client


def test_imapclient_files_finds_and_moves(client: imapclient.IMAPClient) -> None:
    assert client.has_capability("QUOTA")
    assert client.enable("CONDSTORE") == [b"CONDSTORE"]
    assert client.namespace().personal == (("", "/"),)
    assert client.id_({"name": "test"})[0][:2] == (b"name", b"mox")
    client.create_folder("Python/Größe")
    assert "Python/Größe" in [name for _, _, name in client.list_folders()]
    assert client.folder_exists("Python/Größe")
    when = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    for n in range(4):
        client.append("Python/Größe", letter(n), ("\\Seen",) if n == 0 else (), when)
    client.multiappend("Python/Größe", [letter(4), letter(5)])
    assert client.folder_status("Python/Größe", ["MESSAGES", "UNSEEN", "SIZE"])[b"MESSAGES"] == 6
    assert client.select_folder("Python/Größe")[b"EXISTS"] == 6
    assert client.search(["UNSEEN", "SUBJECT", "python"]) == [2, 3, 4, 5, 6]
    assert client.search(["SUBJECT", "größe"], "UTF-8") == []
    data = client.fetch(
        [1, 2], ["FLAGS", "ENVELOPE", "INTERNALDATE", "RFC822.SIZE", "BODY.PEEK[TEXT]", "MODSEQ"]
    )
    assert data[1][b"FLAGS"] == (b"\\Seen", b"$NotJunk")
    assert data[2][b"ENVELOPE"].subject == b"Re: python 0"
    assert data[2][b"BODY[TEXT]"] == b"body 1\r\n"
    assert data[2][b"RFC822.SIZE"] == len(letter(1))
    client.add_flags([2], ["\\Flagged", "word"])
    assert client.get_flags([2])[2] == (b"\\Flagged", b"$NotJunk", b"word")
    client.copy([1, 2], "Archive")
    client.move([3], "Archive")
    client.delete_messages([1])
    client.uid_expunge([1])
    assert client.search() == [2, 4, 5, 6]
    client.unselect_folder()
    client.rename_folder("Python/Größe", "Python/Maß")
    client.unsubscribe_folder("Python/Maß")
    client.delete_folder("Python/Maß")
    client.logout()


def test_imapclient_sorts_threads_and_asks_for_quota(client: imapclient.IMAPClient) -> None:
    client.create_folder("Sorted")
    for n in range(6):
        client.append("Sorted", letter(n))
    client.select_folder("Sorted")
    root, quotas = client.get_quota_root("Sorted")
    assert root.quota_roots == [""]
    assert quotas == []
    assert client.sort(["REVERSE", "DATE"]) == [6, 5, 4, 3, 2, 1]
    assert client.sort("FROM") == [6, 5, 4, 3, 2, 1]
    assert client.thread("REFERENCES") == ((1, 2), (3, 4), (5, 6))
    assert client.thread("ORDEREDSUBJECT") == ((1, 2), (3, 4), (5, 6))
    client.delete_folder("Sorted")
    client.logout()


def test_imapclient_hears_of_new_mail(client: imapclient.IMAPClient, server: Localserve) -> None:
    before = client.select_folder("INBOX")[b"EXISTS"]
    client.idle()
    server.deliver(letter(9))
    assert (before + 1, b"EXISTS") in client.idle_check(timeout=10)
    client.idle_done()
    client.logout()


async def test_aioimaplib_does_its_usual_calls(server: Localserve) -> None:
    context = ssl.create_default_context(cafile=str(server.certificate))
    client = aioimaplib.IMAP4_SSL(host="localhost", port=server.imaps, ssl_context=context)
    await client.wait_hello_from_server()
    assert (await client.login(USER, PASSWORD)).result == "OK"

    async def ok(command: str, *arguments: str) -> list[bytes]:
        answer = await getattr(client, command)(*arguments)
        assert answer.result == "OK", answer
        lines: list[bytes] = answer.lines
        return lines

    await ok("create", "Aio")
    for n in range(3):
        answer = await client.append(letter(n), mailbox="Aio", flags="\\Seen" if n else None)
        assert answer.result == "OK"
    assert any(b"Aio" in line for line in await ok("list", '""', "*"))
    assert any(line == b"3 EXISTS" for line in await ok("select", "Aio"))
    assert (await ok("search", "UNSEEN"))[0].split() == [b"1"]
    assert (await ok("uid_search", "SUBJECT python"))[0].split() == [b"1", b"2", b"3"]
    assert any(bytes(line) == letter(1) for line in await ok("fetch", "2", "(BODY.PEEK[])"))
    await ok("store", "1", "+FLAGS", "(\\Flagged)")
    await ok("uid", "store", "2", "+FLAGS", "(\\Deleted)")
    await ok("uid", "copy", "1", "Archive")
    await ok("move", "1", "Archive")
    await ok("expunge")
    assert (await ok("status", "Aio", "(MESSAGES)"))[0] == b"Aio (MESSAGES 1)"
    await ok("getquotaroot", "Aio")
    await ok("namespace")
    await ok("close")
    await ok("rename", "Aio", "Aio2")
    await ok("delete", "Aio2")
    assert (await asyncio.wait_for(client.logout(), 10)).result == "OK"
