"""The examples of the SASL mechanisms' RFCs as golden transcripts, between client and server exchange."""

import base64
from pathlib import Path

import pytest

from moxkit.sasl import (
    Challenge,
    Failure,
    NeedCramMd5Verifier,
    NeedPasswordCheck,
    NeedScramVerifier,
    ServerExchange,
    Step,
    Success,
    derive_cram_md5,
    derive_scram,
    server_exchange,
)
from moxkit.testing import parse_transcript, run_transcript

_FOLDER = Path(__file__).parents[2] / "transcripts" / "sasl"
_TEXTS = {path.stem: path.read_text(encoding="utf-8") for path in sorted(_FOLDER.glob("*.txt"))}


class Desk:
    """A server that knows one password, spoken to in lines: a line for each message of the exchange."""

    def __init__(self, settings: dict[str, str]) -> None:
        exchange = server_exchange(
            settings["mechanism"],
            hostname=settings.get("hostname", "mox.example"),
            nonce=lambda: settings.get("nonce", ""),
        )
        assert exchange is not None
        self._exchange: ServerExchange = exchange
        self._settings = settings
        self._answers: list[bytes] = []
        if settings["mechanism"] == "CRAM-MD5":
            # The server begins.
            self._answers.append(self._line(exchange.respond(None)))

    async def write(self, octets: bytes) -> None:
        for line in octets.removesuffix(b"\r\n").split(b"\r\n"):
            self._answers.append(self._line(self._exchange.respond(line)))

    async def read_line(self) -> bytes:
        return self._answers.pop(0)

    def _line(self, step: Step) -> bytes:
        password = self._settings["password"]
        match step:
            case NeedPasswordCheck():
                step = self._exchange.supply(step.password == password)
            case NeedCramMd5Verifier():
                step = self._exchange.supply(derive_cram_md5(password))
            case NeedScramVerifier(hash_name=hash_name):
                salt = base64.b64decode(self._settings["salt"])
                verifier = derive_scram(password, salt=salt, iterations=4096, hash_name=hash_name)
                step = self._exchange.supply(verifier)
            case _:
                pass
        match step:
            case Challenge(octets):
                return octets
            case Success(username):
                return f"[success] {username}".encode()
            case Failure():
                return b"[failure] " + (step.last_challenge or b"")
            case _:
                raise AssertionError(step)


@pytest.mark.parametrize("name", _TEXTS)
async def test_exchange_keeps_to_the_transcript(name: str) -> None:
    transcript = parse_transcript(_TEXTS[name])
    words = next(line for line in transcript.header if line.startswith("server: ")).split()[1:]
    settings = {key: value for key, _, value in (word.partition("=") for word in words)}

    async def connect() -> Desk:
        return Desk(settings)

    await run_transcript(transcript, connect)
