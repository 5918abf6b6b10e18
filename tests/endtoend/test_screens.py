"""Mail programs in a terminal: they list, open, search, mark, delete, and see what arrives meanwhile."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from endtoend.localserve import PASSWORD, USER, Localserve
from endtoend.terminal import Terminal

pytestmark = pytest.mark.endtoend

Find = Callable[[str, str], str]
Open = Callable[[str], Terminal]


def letter(subject: str, body: str) -> bytes:
    return (
        f"From: Ann <a@b.example>\r\nTo: {USER}\r\nSubject: {subject}\r\n"
        f"Date: Tue, 1 Jan 2030 10:00:00 +0000\r\n\r\n{body}\r\n"
    ).encode()


@pytest.fixture
def mailbox(server: Localserve, request: pytest.FixtureRequest) -> str:
    """A mailbox of its own for each program."""
    name = request.node.name.split("_")[1].capitalize()
    client = server.imap_client()
    client.create(name)
    for n in range(1, 6):
        client.append(name, "", "", letter(f"letter {n}", f"body of {n}"))
    client.logout()
    return str(name)


@pytest.fixture
def terminal(program: Find, tmp_path: Path) -> Iterator[Open]:
    opened: list[Terminal] = []
    environment = {
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "LC_ALL": "C.UTF-8",
        "TERM": "screen",
        "PATH": os.environ["PATH"],
    }

    def start(command: str) -> Terminal:
        opened.append(Terminal(program("tmux", "tmux"), tmp_path, command, environment))
        return opened[-1]

    yield start
    for each in opened:
        each.__exit__()


def deliver_to(server: Localserve, mailbox: str, subject: str) -> None:
    client = server.imap_client()
    client.append(mailbox, "", "", letter(subject, "just now"))
    client.logout()


def flags_of(server: Localserve, mailbox: str) -> list[str]:
    client = server.imap_client()
    client.select(mailbox, readonly=True)
    lines = client.fetch("1:*", "(FLAGS)")[1]
    client.logout()
    return [
        bytes(line).decode().partition("FLAGS (")[2].rstrip(")") for line in lines if isinstance(line, bytes)
    ]


def test_neomutt_browses(
    server: Localserve, program: Find, mailbox: str, terminal: Open, tmp_path: Path
) -> None:
    neomutt = program("neomutt", "neomutt")
    (tmp_path / "muttrc").write_text(
        f'set folder="imap://127.0.0.1:{server.imap}/" imap_user="{USER}" imap_pass="{PASSWORD}"\n'
        f'set spoolfile="imap://127.0.0.1:{server.imap}/{mailbox}" ssl_starttls=no ssl_force_tls=no\n'
        f"set header_cache={tmp_path}/hc message_cachedir={tmp_path}/mc imap_qresync=yes imap_condstore=yes\n"
        "set imap_idle=yes imap_check_subscribed=yes mail_check=1 timeout=1 delete=yes quit=yes mark_old=no\n"
    )
    screen = terminal(f"{neomutt} -n -F {tmp_path}/muttrc")
    screen.wait_for("letter 1", "letter 5")
    screen.type("1", "Enter", "Enter")
    screen.wait_for("body of 1")
    screen.type("i")
    screen.wait_for("letter 5")
    # Full text search on the server, then a flag, a deletion, and what arrives meanwhile.
    screen.type("l", "=b 'body of 3'", "Enter")
    screen.wait_until_gone("letter 5")
    screen.type("F", "l", "~A", "Enter")
    screen.wait_for("letter 5")
    screen.type("2", "Enter", "d")
    deliver_to(server, mailbox, "arrived meanwhile")
    screen.wait_for("arrived meanwhile")
    screen.type("$")
    screen.wait_until_gone("letter 2")
    screen.type("q")
    screen.wait_for("ended with 0")
    found = flags_of(server, mailbox)
    assert len(found) == 5
    assert "\\Seen" in found[0]
    assert "\\Flagged" in found[1]


def test_aerc_browses(
    server: Localserve, program: Find, mailbox: str, terminal: Open, tmp_path: Path
) -> None:
    aerc = program("aerc", "aerc")
    (tmp_path / "aerc").mkdir()
    accounts = tmp_path / "aerc" / "accounts.conf"
    user = USER.replace("@", "%40")
    accounts.write_text(
        f"[mox]\nsource = imap+insecure://{user}:{PASSWORD}@127.0.0.1:{server.imap}\n"
        f"from = Me <{USER}>\ndefault = {mailbox}\nfolders = {mailbox},Archive\ncache-headers = true\n"
    )
    accounts.chmod(0o600)
    screen = terminal(f"{aerc}")
    screen.wait_for("letter 1", "letter 5")
    screen.type("Enter")
    screen.wait_for("body of 5")
    screen.type(":close", "Enter")
    screen.wait_for("letter 4")
    screen.type(":filter -b body of 3", "Enter")
    screen.wait_until_gone("letter 4")
    screen.type(":select 0", "Enter", ":flag -x Flagged", "Enter")
    screen.type(":clear", "Enter")
    screen.wait_for("letter 4")
    deliver_to(server, mailbox, "arrived meanwhile")
    screen.wait_for("arrived meanwhile")
    screen.type(":select 0", "Enter", ":move Archive", "Enter")
    screen.wait_until_gone("arrived meanwhile")
    screen.type(":quit", "Enter")
    screen.wait_for("ended with 0")
    found = flags_of(server, mailbox)
    assert len(found) == 5
    assert "\\Seen" in found[4]
    assert "\\Flagged" in found[2], found


def test_alpine_browses(
    server: Localserve, program: Find, mailbox: str, terminal: Open, tmp_path: Path
) -> None:
    alpine = program("alpine", "alpine")
    folder = f"{{127.0.0.1:{server.imap}/notls/user={USER}}}{mailbox}"
    (tmp_path / ".pinerc").write_text(
        f"inbox-path={folder}\nlast-version-used=6.26\nuser-id=mox\nuser-domain=localhost\n"
        "feature-list=enable-aggregate-command-set,expunge-without-confirm,quit-without-confirm,"
        "enable-flag-cmd,quell-folder-internal-msg\ninitial-keystroke-list=\n"
    )
    screen = terminal(f"{alpine} -i")
    screen.wait_for("ASSWORD")
    screen.type(PASSWORD, "Enter")
    screen.wait_for("Preserve password")
    screen.type("N")
    screen.wait_for("letter 1", "letter 5")
    screen.type("J", "1", "Enter", "Enter")
    screen.wait_for("body of 1")
    screen.type("<")
    screen.wait_for("letter 5")
    screen.type("N", "D", "X")
    screen.wait_until_gone("letter 2")
    deliver_to(server, mailbox, "arrived meanwhile")
    screen.type("C-l")
    screen.wait_for("arrived meanwhile")
    screen.type("Q")
    screen.wait_for("ended with 0")
    found = flags_of(server, mailbox)
    assert len(found) == 5
    assert "\\Seen" in found[0]
