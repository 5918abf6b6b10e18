"""Messages for measurements: made from their number, so that each run has the same."""

import base64
import random

WORDS = [a + b + c for a in "bdfklmnprst" for b in "aeiou" for c in ("", "n", "r", "st", "ma", "to")]


def message(number: int, size: int) -> bytes:
    """Return a message of about `size` octets: text, and an attachment when it is large."""
    chance = random.Random(number * 7919 + size)
    head = (
        f"From: Person {number % 300} <person{number % 300}@bench.example>\r\nTo: <mox@localhost>\r\n"
        f"Subject: measurement {number} {chance.choice(WORDS)}\r\n"
        f"Date: Mon, 23 Nov 2026 10:00:00 +0000\r\nMessage-ID: <{number}.{size}@bench.example>\r\n"
        "MIME-Version: 1.0\r\n"
    )
    if size < 100_000:
        body = _text(chance, max(0, size - len(head) - 60))
        return f"{head}Content-Type: text/plain; charset=utf-8\r\n\r\n{body}".encode()
    attachment = base64.encodebytes(chance.randbytes(size * 3 // 4)).replace(b"\n", b"\r\n").decode()
    return (
        f'{head}Content-Type: multipart/mixed; boundary="=_b"\r\n\r\n'
        "--=_b\r\nContent-Type: text/plain\r\n\r\n"
        f"{_text(chance, 800)}\r\n--=_b\r\nContent-Type: application/octet-stream\r\n"
        f"Content-Transfer-Encoding: base64\r\n\r\n{attachment}\r\n--=_b--\r\n"
    ).encode()


def _text(chance: random.Random, size: int) -> str:
    lines, length = [], 0
    while length < size:
        line = " ".join(chance.choices(WORDS, k=11))
        lines.append(line)
        length += len(line) + 2
    return "\r\n".join(lines) + "\r\n"
