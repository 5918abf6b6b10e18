"""Bombs of compression, messages of thousands of parts, floods of URLs, crowds: bounded, others served."""

import base64
import hashlib
import hmac
import resource
import socket
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from endtoend.localserve import PASSWORD, USER, Localserve
from endtoend.test_hostile import LOGIN, MEGABYTE, connect, grows_at_most, private_octets, read_until, serves

pytestmark = pytest.mark.endtoend

CROWD = 2000


@pytest.fixture(autouse=True)
def next_client_is_served(server: Localserve) -> Iterator[None]:
    serves(server)
    yield
    serves(server)
    assert b"Traceback" not in server.log.read_bytes()


@contextmanager
def others_wait_at_most(server: Localserve, seconds: float) -> Iterator[None]:
    """Watch how long another session waits for its answers meanwhile."""
    slowest, stop = 0.0, threading.Event()

    def watch() -> None:
        nonlocal slowest
        client = server.imap_client()
        client.select("Archive", readonly=True)
        while not stop.is_set():
            began = time.monotonic()
            client.noop()
            client.search(None, "UNSEEN")
            slowest = max(slowest, time.monotonic() - began)
            time.sleep(0.01)
        client.logout()

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        stop.set()
        watcher.join(30)
    assert not watcher.is_alive()
    assert slowest <= seconds, f"another session waited {slowest:.2f} s"


def compressed(server: Localserve) -> tuple[socket.socket, Callable[[bytes], bytes]]:
    """Return a signed-in connection behind COMPRESS, and what packs octets for it."""
    client = connect(server.imap)
    client.sendall(LOGIN)
    read_until(client, b"a OK")
    client.sendall(b"b COMPRESS DEFLATE\r\n")
    read_until(client, b"b OK")
    stream = zlib.compressobj(9, zlib.DEFLATED, -15)
    return client, lambda octets: stream.compress(octets) + stream.flush(zlib.Z_SYNC_FLUSH)


def say_and_leave(client: socket.socket, octets: bytes) -> None:
    """Send all, or as much as is taken; read what comes until the server closes, or for a few seconds."""
    client.settimeout(5)
    try:
        client.sendall(octets)
        client.shutdown(socket.SHUT_WR)
        while client.recv(MEGABYTE):
            pass
    except OSError:
        pass


@pytest.mark.parametrize(
    "start",
    [b"c NOOP ", b"c SEARCH SUBJECT ", b"c APPEND Drafts {100000000+}\r\n", b"c LOGIN {99999999+}\r\n"],
)
def test_bomb_costs_what_it_says_and_not_what_it_means(server: Localserve, start: bytes) -> None:
    client, pack = compressed(server)
    bomb = pack(start + b"x" * (200 * MEGABYTE))
    assert len(bomb) < MEGABYTE
    with closing(client), grows_at_most(server, 12 * MEGABYTE), others_wait_at_most(server, 2):
        say_and_leave(client, bomb)


def test_bomb_of_commands_takes_turns_with_others(server: Localserve) -> None:
    client, pack = compressed(server)
    with closing(client), grows_at_most(server, 12 * MEGABYTE), others_wait_at_most(server, 2):
        say_and_leave(client, pack(b"c NOOP\r\n" * 500_000))


def test_bomb_of_commands_whose_answers_nobody_reads(server: Localserve) -> None:
    client, pack = compressed(server)
    with closing(client), grows_at_most(server, 12 * MEGABYTE), others_wait_at_most(server, 2):
        client.setblocking(False)
        bomb, sent = pack(b"c CAPABILITY\r\n" * 500_000), 0
        end = time.monotonic() + 5
        while sent < len(bomb) and time.monotonic() < end:
            try:
                sent += client.send(bomb[sent:])
            except BlockingIOError:
                time.sleep(0.01)
        time.sleep(0.5)


def test_compressed_noise_ends_the_connection(server: Localserve) -> None:
    client, _ = compressed(server)
    with closing(client):
        say_and_leave(client, b"\xff" * 100_000)


def append(server: Localserve, mailbox: str, content: bytes) -> int:
    """File a message; return its UID."""
    client = server.imap_client()
    client.create(mailbox)
    answer = client.append(mailbox, "", "", content)
    client.logout()
    return int(bytes(answer[1][0]).partition(b"APPENDUID ")[2].split()[1].rstrip(b"]"))


@pytest.mark.parametrize("part", [b"URL /Parts/;UID=%d", b"TEXT {1+}\r\nx"], ids=["urls", "texts"])
def test_message_of_too_many_parts_is_refused(server: Localserve, part: bytes) -> None:
    uid = append(server, "Parts", b"Subject: part\r\n\r\nx\r\n")
    parts = b" ".join([part % uid if b"%d" in part else part] * 50_000)
    lines = b"c APPEND Parts CATENATE ("
    client = connect(server.imap)
    with closing(client), grows_at_most(server, 12 * MEGABYTE), others_wait_at_most(server, 2):
        client.sendall(LOGIN)
        read_until(client, b"a OK")
        if part.startswith(b"URL"):
            # A line holds some hundred of them: a literal between lines.
            few = b" ".join([part % uid] * 400)
            lines += few + b"".join(b" TEXT {1+}\r\nx " + few for _ in range(100)) + b")\r\nd NOOP\r\n"
        else:
            lines += parts + b")\r\nd NOOP\r\n"
        client.sendall(lines)
        answer = read_until(client, b"d OK")
    assert b"c NO [LIMIT] " in answer


def test_message_put_together_cannot_outgrow_the_limit(server: Localserve) -> None:
    uid = append(server, "Parts", b"Subject: big\r\n\r\n" + b"x" * 78 + b"\r\n" + b"y" * (20 * MEGABYTE))
    client = connect(server.imap)
    with closing(client), grows_at_most(server, 30 * MEGABYTE), others_wait_at_most(server, 2):
        client.sendall(LOGIN)
        read_until(client, b"a OK")
        url = b" ".join([b"URL /Parts/;UID=%d" % uid] * 400)
        client.sendall(b"c APPEND Parts CATENATE (" + url + b")\r\n")
        assert b"c NO [TOOBIG] " in read_until(client, b"\r\n") + read_until(client, b"")
    cleaner = server.imap_client()
    cleaner.delete("Parts")
    cleaner.logout()


def test_flood_of_urls_that_fit_nothing(server: Localserve) -> None:
    url = f"imap://{USER.replace('@', '%40')}@h/INBOX/;uid=1;urlauth=authuser:internal:" + "0" * 64
    line = ("c URLFETCH" + f' "{url}"' * 100 + "\r\n").encode()
    client = connect(server.imap)
    with closing(client), grows_at_most(server, 12 * MEGABYTE), others_wait_at_most(server, 2):
        client.sendall(LOGIN)
        read_until(client, b"a OK")
        for _ in range(50):
            client.sendall(line)
            assert read_until(client, b"c OK").count(b" NIL\r\n") == 100


def test_urls_of_large_messages_that_nobody_reads(server: Localserve) -> None:
    uid = append(server, "Large", b"Subject: big\r\n\r\n" + b"x" * 78 + b"\r\n" + b"y" * (20 * MEGABYTE))
    client = connect(server.imap)
    with closing(client), grows_at_most(server, 40 * MEGABYTE):
        client.sendall(LOGIN)
        read_until(client, b"a OK")
        rump = f"imap://{USER.replace('@', '%40')}@h/Large/;uid={uid};urlauth=authuser"
        client.sendall(f'c GENURLAUTH "{rump}" INTERNAL\r\n'.encode())
        url = read_until(client, b"c OK").split(b"GENURLAUTH ")[1].split(b"\r\n")[0]
        client.sendall(b"d URLFETCH " + b" ".join([url] * 50) + b"\r\n")
        read_until(client, b"* URLFETCH ")
        for _ in range(5):
            serves(server)
    cleaner = server.imap_client()
    cleaner.delete("Large")
    cleaner.logout()


def idle(port: int, *, is_compressed: bool) -> socket.socket:
    """Return a connection in IDLE, signed in by the mechanism that costs least."""
    client = connect(port)
    client.sendall(b"a AUTHENTICATE CRAM-MD5\r\n")
    challenge = base64.b64decode(read_until(client, b"\r\n")[2:])
    digest = hmac.new(PASSWORD.encode(), challenge, hashlib.md5).hexdigest()
    client.sendall(base64.b64encode(f"{USER} {digest}".encode()) + b"\r\n")
    read_until(client, b"a OK")
    if not is_compressed:
        client.sendall(b"b SELECT Archive\r\nc IDLE\r\n")
        read_until(client, b"+ ")
        return client
    client.sendall(b"b COMPRESS DEFLATE\r\n")
    read_until(client, b"b OK")
    out, into = zlib.compressobj(6, zlib.DEFLATED, -15), zlib.decompressobj(-15)
    client.sendall(out.compress(b"c SELECT Archive\r\nd IDLE\r\n") + out.flush(zlib.Z_SYNC_FLUSH))
    said = b""
    while b"+ " not in said:
        said += into.decompress(client.recv(65536))
    return client


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("is_compressed", [False, True], ids=["plain", "compressed"])
def test_crowd_that_idles_costs_little_and_hears_all(
    new_server: Callable[..., Localserve], is_compressed: bool
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < CROWD + 500:
        pytest.skip("needs more file descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, CROWD + 500), hard))
    server = new_server().start()
    serves(server)
    crowd = [idle(server.imap, is_compressed=is_compressed) for _ in range(10)]
    before = private_octets(server)
    try:
        crowd += [idle(server.imap, is_compressed=is_compressed) for _ in range(CROWD - len(crowd))]
        each = (private_octets(server) - before) / CROWD
        assert each < (90_000 if is_compressed else 40_000), f"{each:.0f} octets for each"
        began = time.monotonic()
        serves(server)
        writer = server.imap_client()
        writer.append("Archive", "", "", b"Subject: news\r\n\r\nx\r\n")
        writer.logout()
        for client in crowd:
            client.settimeout(20)
            assert client.recv(1)
        assert time.monotonic() - began < 15
        serves(server)
    finally:
        for client in crowd:
            client.close()
    serves(server)
