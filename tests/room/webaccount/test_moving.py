"""Mail that people bring and take along: uploads, progress, aborting, exports, and what is refused."""

import asyncio
import errno
import io
import json
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest

from mox.moving import Upload
from mox.store import Store, list_mailboxes, list_messages
from room.moving.archives import letter, make_archive, mbox_of
from room.webaccount.conftest import Browser, Reply, World

_FORM = {"content-type": "application/x-www-form-urlencoded"}


def archive(directory: Path, way: str = "tgz") -> bytes:
    files = {
        "Maildir/Inbox/cur/1000000000.1.host:2,S": letter(1),
        "Maildir/Lists/new/1000000001.2.host": letter(2),
        "Maildir/Old.mbox": mbox_of([letter(3), letter(4)]),
        "Maildir/thumbs.db": b"x",
    }
    return make_archive(directory / f"mail.{way}", files, way).read_bytes()


async def bring(browser: Browser, octets: bytes, **query: str) -> Reply:
    return await browser.ask("POST", f"/import?{urlencode({'name': 'mail.tgz'} | query)}", octets=octets)


async def follow(browser: Browser, token: str) -> list[tuple[str, Any]]:
    """Return all events of an import, until the stream ends."""
    reply = await browser.ask("GET", f"/importprogress?token={token}")
    assert reply.status == 200, reply
    assert ("content-type", "text/event-stream; charset=utf-8") in reply.headers
    assert ("cache-control", "no-cache") in reply.headers
    return events_of(reply.body)


def events_of(body: bytes) -> list[tuple[str, Any]]:
    blocks = body.decode().split("\n\n")
    assert blocks[0] == ": keepalive"
    found = []
    for block in blocks:
        if block and not block.startswith(":"):
            kind, data = block.split("\n")
            found.append((kind.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


def counts(store: Store, account: str = "mox") -> dict[str, int]:
    found = list_mailboxes(store.account(account).reader)
    return {each.name: each.total for each in found if each.total}


async def ended(world: World, reply: Reply) -> str:
    """Wait for the end of an import, and until searches know its mail; return its token."""
    assert reply.status == 200, reply
    token = str(reply.json["token"])
    async for _event in world.parts.imports.find(token).follow():
        pass
    while await world.parts.store.account("mox").search_index.fill():
        pass
    return token


async def test_brings_an_archive(world: World, tmp_path: Path) -> None:
    browser = await world.signed_in()
    reply = await bring(browser, archive(tmp_path), skip_prefix="Maildir")
    assert (reply.status, list(reply.json), len(reply.json["token"])) == (200, ["token"], 32)
    events = await follow(browser, await ended(world, reply))
    last_counts = {data["mailbox"]: data["messages"] for kind, data in events if kind == "count"}
    assert last_counts == {"Inbox": 1, "Lists": 1, "Old": 2}
    kinds = [kind for kind, _ in events]
    done = kinds.index("done")
    assert events[done] == ("done", {"messages": 4, "skipped": 0})
    assert ("problem", {"text": "unrecognized file Maildir/thumbs.db (skipping)"}) in events
    assert events[-1] == (
        "after",
        {"to_index": 0, "learned": None, "is_learning": False, "is_over": True},
    )
    assert counts(world.parts.store) == {"Inbox": 1, "Lists": 1, "Old": 2}
    # Nothing of the upload stays.
    assert not list(world.parts.store.temporary.glob("upload-*"))
    [listed] = (await browser.ask("GET", "/api/imports")).json
    assert (listed["name"], listed["phase"], listed["messages"]) == ("mail.tgz", "done", 4)


async def test_whoever_comes_late_is_told_all_again(world: World, tmp_path: Path) -> None:
    browser = await world.signed_in()
    token = await ended(world, await bring(browser, archive(tmp_path)))
    first, again = await follow(browser, token), await follow(world.browser(), token)
    told = [("done", {"messages": 4, "skipped": 0}), first[-1]]
    assert [each for each in again if each[0] in {"done", "after"}] == told
    assert sum(data["messages"] for kind, data in again if kind == "count") == 4
    world.clock.jump(120)
    forgotten = await browser.ask("GET", f"/importprogress?token={token}")
    assert (forgotten.status, forgotten.json["code"]) == (400, "no-such-import")


async def test_aborts_and_nothing_is_kept(world: World, tmp_path: Path) -> None:
    browser, other = await world.signed_in(), await world.signed_in("pat")
    world.stager.free.clear()
    token = (await bring(browser, archive(tmp_path))).json["token"]
    assert (await other.ask("DELETE", f"/api/imports/{token}")).status == 404
    assert (await bring(browser, archive(tmp_path))).json["code"] == "import-running"
    assert (await browser.ask("DELETE", f"/api/imports/{token}")).status == 204
    world.stager.free.set()
    assert (await follow(browser, token))[-1] == ("aborted", {"reason": "cancelled"})
    again = await browser.ask("DELETE", f"/api/imports/{token}")
    assert (again.status, again.json["code"]) == (409, "finished")
    assert counts(world.parts.store) == {}
    assert not list(world.parts.store.temporary.iterdir())


@pytest.mark.parametrize(
    ("octets", "code"), [(b"", "no-file"), (b"no archive at all", "not-an-archive"), (b"\0" * 600, "")]
)
async def test_refuses_what_is_no_archive(world: World, octets: bytes, code: str) -> None:
    browser = await world.signed_in()
    reply = await bring(browser, octets, name="mail.zip")
    assert (reply.status, reply.json.get("code", "")) == ((400, code) if code else (200, ""))
    if code:
        assert reply.json["field"] == "file"
        assert not list(world.parts.store.temporary.iterdir())


async def test_refuses_a_name_that_no_mailbox_can_have(world: World) -> None:
    browser = await world.signed_in()
    reply = await bring(browser, mbox_of([letter(1)]), name="in.mbox", mailbox="a//b")
    assert (reply.status, reply.json["code"]) == (400, "not-an-archive")
    assert "a//b" in reply.json["detail"]


async def test_skips_what_is_there_when_asked_to(world: World, tmp_path: Path) -> None:
    browser = await world.signed_in()
    for skips, expected in (("", 4), ("1", 4), ("0", 8)):
        reply = await bring(browser, archive(tmp_path), skip_prefix="Maildir", skip_present=skips)
        await ended(world, reply)
        assert sum(counts(world.parts.store).values()) == expected


async def test_needs_a_session_and_its_token(world: World, tmp_path: Path) -> None:
    nobody, browser = world.browser(), await world.signed_in()
    browser.csrf = ""
    assert (await bring(nobody, archive(tmp_path))).json["code"] == "no-session"
    assert (await bring(browser, archive(tmp_path))).json["code"] == "csrf"
    assert (await export(nobody, csrf="")).json["code"] == "no-session"
    assert (await export(browser, csrf="wrong")).json["code"] == "csrf"
    assert (await nobody.ask("GET", "/importprogress")).json["code"] == "no-token"
    assert (await nobody.ask("GET", "/importprogress?token=0123")).json["code"] == "no-such-import"
    assert (await nobody.ask("POST", "/importprogress?token=0123")).status == 405


async def test_a_full_disk_is_told_before_the_upload(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = await world.signed_in()
    octets = archive(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=100 << 20))
    reply = await bring(browser, octets)
    assert (reply.status, reply.json["code"]) == (507, "no-room")
    assert reply.json["detail"].startswith("The server's disk is nearly full: 100 MiB are free")
    assert not list(world.parts.store.temporary.iterdir())


async def test_a_disk_that_fails_leaves_nothing(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_upload: Upload) -> None:
        raise OSError(errno.EIO, "Input/output error")

    browser = await world.signed_in()
    monkeypatch.setattr(Upload, "finish", fail)
    reply = await bring(browser, archive(tmp_path))
    assert (reply.status, reply.json["code"]) == (500, "not-stored")
    monkeypatch.undo()
    # It is not remembered as running.
    assert (await bring(browser, archive(tmp_path))).status == 200


# Taking along.


async def export(browser: Browser, **fields: str) -> Reply:
    form = {"csrf": browser.csrf, "format": "maildir", "archive": "tgz"} | fields
    return await browser.ask("POST", "/export", octets=urlencode(form).encode(), headers=_FORM)


async def filled(world: World, tmp_path: Path) -> Browser:
    browser = await world.signed_in()
    await ended(world, await bring(browser, archive(tmp_path), skip_prefix="Maildir"))
    return browser


def in_tar(octets: bytes) -> list[str]:
    with tarfile.open(fileobj=io.BytesIO(octets)) as found:
        return [each.name for each in found if each.isfile()]


def in_zip(octets: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(octets)) as found:
        assert found.testzip() is None
        return [each for each in found.namelist() if not each.endswith("/")]


@pytest.mark.parametrize(
    ("packing", "kind", "names"),
    [
        ("tgz", "application/gzip", in_tar),
        ("tar", "application/x-tar", in_tar),
        ("zip", "application/zip", in_zip),
    ],
)
async def test_takes_all_mail_along(
    world: World, tmp_path: Path, packing: str, kind: str, names: Callable[[bytes], Sequence[str]]
) -> None:
    browser = await filled(world, tmp_path)
    boxes = len(list_mailboxes(world.parts.store.account("mox").reader))
    for format_, expected in (("maildir", 4), ("mbox", boxes)):
        reply = await export(browser, format=format_, archive=packing)
        assert reply.status == 200, reply
        headers = dict(reply.headers)
        assert headers["content-type"] == kind
        assert headers["content-disposition"].startswith('attachment; filename="mailexport-all-20300101-')
        assert headers["content-disposition"].endswith(f".{format_}.{packing}")
        found = [name for name in names(reply.body) if name.endswith((".mbox", ":2,S", ":2,"))]
        assert len(set(found)) == expected, found


async def test_takes_one_mailbox_as_plain_mbox(world: World, tmp_path: Path) -> None:
    browser = await filled(world, tmp_path)
    reply = await export(browser, format="mbox", archive="none", mailbox="Old")
    assert (reply.status, dict(reply.headers)["content-type"]) == (200, "application/mbox")
    assert 'filename="mailexport-Old-2030' in dict(reply.headers)["content-disposition"]
    assert reply.body.count(b"\nFrom ") == 1
    assert reply.body.startswith(b"From ")
    assert {b"letter 3", b"letter 4"} == {
        line.partition(b": ")[2] for line in reply.body.splitlines() if line.startswith(b"Subject")
    }


async def test_takes_some_messages_along(world: World, tmp_path: Path) -> None:
    browser = await filled(world, tmp_path)
    reader = world.parts.store.account("mox").reader
    ids = [each.id for each in list_messages(reader) if each.mailbox in {"Inbox", "Lists"}]
    reply = await export(browser, messageids=",".join(map(str, ids)))
    assert len([name for name in in_tar(reply.body) if name.startswith("Export/")]) == 2
    assert "mailexport-selection-" in dict(reply.headers)["content-disposition"]


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ("format=pst", "format"),
        ("archive=rar", "archive"),
        ("mailbox=Inbox&messageids=1", "messageids"),
        ("messageids=1&recursive=x", "recursive"),
        ("messageids=1%2Cx", "messageids"),
        ("archive=none", "archive"),
        ("archive=none&format=mbox", "archive"),
        ("archive=none&format=mbox&mailbox=Inbox&recursive=1", "archive"),
    ],
)
async def test_refuses_exports(world: World, form: str, field: str) -> None:
    browser = await world.signed_in()
    reply = await export(browser, **{name: values[0] for name, values in parse_qs(form).items()})
    assert (reply.status, reply.json["field"]) == (400, field)


async def test_refuses_an_unknown_mailbox_and_other_bodies(world: World) -> None:
    browser = await world.signed_in()
    reply = await export(browser, mailbox="Nowhere")
    assert (reply.status, reply.json["code"]) == (404, "no-such-mailbox")
    assert (await browser.ask("POST", "/export", {})).status == 415
    reply = await browser.ask("POST", "/export", octets=b"a=1&" * 30, headers=_FORM)
    assert (reply.status, reply.json["code"]) == (400, "not-a-form")
    assert (await browser.ask("GET", "/export")).status == 405


async def test_lists_mailboxes(world: World, tmp_path: Path) -> None:
    browser = await filled(world, tmp_path)
    listed = (await browser.ask("GET", "/api/mailboxes")).json
    assert [each["name"] for each in listed] == sorted(each["name"] for each in listed)
    assert {each["name"]: each["messages"] for each in listed if each["messages"]} == {
        "Inbox": 1,
        "Lists": 1,
        "Old": 2,
    }


async def test_exports_at_once_are_few_and_those_that_failed_do_not_count(world: World) -> None:
    browser = await world.signed_in()
    for _ in range(5):
        assert (await export(browser, mailbox="Nowhere")).status == 404
    replies = await asyncio.gather(*(export(browser) for _ in range(5)))
    assert sorted(reply.status for reply in replies) == [200, 200, 200, 429, 429]
    assert (await export(browser)).status == 200
