"""What becomes of mail from the internet: transcripts with zone, history, mailbox and reasons."""

from pathlib import Path

import pytest

from mox.store import check_consistency
from moxkit.testing import parse_transcript, run_transcript
from room.app.receiving import check, dialogue_of, world_of

_FOLDER = Path(__file__).parents[2] / "transcripts" / "receiving"
_TEXTS = {path.stem: path.read_text(encoding="utf-8") for path in sorted(_FOLDER.glob("*.txt"))}


@pytest.mark.parametrize("name", _TEXTS)
async def test_mail_ends_where_the_transcript_says(name: str, tmp_path: Path) -> None:
    header = parse_transcript(_TEXTS[name].partition("\n===")[0]).header
    assert "RFC" in header[0] or "reference" in header[0], "the header says what asks for this"
    async with world_of(header, tmp_path / "server") as world:
        transcript = parse_transcript(dialogue_of(_TEXTS[name], header))
        await run_transcript(transcript, world.connect)
        check(_TEXTS[name], world)
        for account in ("mox", "pat"):
            assert check_consistency(world.account(account)) == []
