"""`mox message parse`: the structure of a file, as JSON."""

import json
from pathlib import Path

from room.cli.commandline import Run

MULTIPART = (
    b"Subject: =?utf-8?Q?gr=C3=BC=C3=9Fe?=\r\nMessage-ID: <One@mox.example>\r\n"
    b"Content-Type: multipart/mixed; boundary=x\r\n\r\n"
    b"--x\r\n\r\nhello\r\n"
    b"--x\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n"
    b"--x\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nbody\r\n"
    b"--x--\r\n"
)


def test_structure_of_a_multipart_file(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "mail.eml"
    file.write_bytes(MULTIPART)
    done = run("message", "parse", str(file))
    assert (done.status, done.err) == (0, "")
    root = json.loads(done.out)
    assert root["subject"] == "grüße"
    assert root["message_id"].lower() == "one@mox.example"
    assert root["type"].lower() == "multipart/mixed"
    text, html, message = root["parts"]
    assert [each["type"].lower() for each in (text, html, message)] == [
        "text/plain",
        "text/html",
        "message/rfc822",
    ]
    start, end = text["body"]
    assert MULTIPART[start:end] == b"hello"
    assert html["encoding"].lower() == "base64"
    [inner] = message["parts"]
    start, end = inner["header"]
    assert MULTIPART[start:end].startswith(b"Subject: inner\r\n")
    assert "needs_smtputf8" not in root


def test_header_in_utf_8_is_noted_unless_expected(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "mail.eml"
    file.write_bytes("Subject: grüße\r\n\r\nx\r\n".encode())
    assert json.loads(run("message", "parse", str(file)).out)["needs_smtputf8"] is True
    assert "needs_smtputf8" not in json.loads(run("message", "parse", "--smtputf8", str(file)).out)


def test_noise_and_an_empty_file_are_shown_too(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "noise"
    for octets in (b"", bytes(range(256)) * 4, b"Content-Type: multipart/mixed; boundary=x\n\n--x\n" * 500):
        file.write_bytes(octets)
        done = run("message", "parse", str(file))
        assert (done.status, done.err) == (0, "")
        json.loads(done.out)
