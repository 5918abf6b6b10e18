"""Golden transcripts over a real port: as fast as the client can say it, and octet by octet."""

from pathlib import Path

import pytest

from moxkit.testing import parse_transcript, run_transcript
from room.imapserver.serving import ImapHouse, options_of

_FOLDER = Path(__file__).parents[2] / "transcripts" / "imap"
_TEXTS = {path.stem: path.read_text(encoding="utf-8") for path in sorted(_FOLDER.glob("*.txt"))}


@pytest.mark.parametrize("split", [None, 1], ids=["whole", "octets"])
@pytest.mark.parametrize("name", _TEXTS)
async def test_server_keeps_to_the_transcript(house: ImapHouse, name: str, split: int | None) -> None:
    transcript = parse_transcript(_TEXTS[name])
    assert "RFC" in transcript.header[0], "the header says which RFC asks for this"
    for option, value in options_of(transcript.header).items():
        assert hasattr(house, option), f"no such option: {option}"
        setattr(house, option, value)
    letters = [word for line in transcript.header if line.startswith("with:") for word in line.split()[1:]]
    await house.fill(letters)
    await house.set_up()
    connect = house.connect_compressing if house.is_compressing else house.connect
    await run_transcript(transcript, connect, split, advance=house.clock.advance)
