"""Golden transcripts, whole and octet by octet."""

from pathlib import Path
from typing import Any

import pytest

from moxkit.testing.transcripts import parse_transcript, run_transcript

# The type of the fixture lives in conftest.py, which has no name mypy and pytest agree on.
House = Any

DIRECTORY = Path(__file__).parents[2] / "transcripts" / "smtp"


@pytest.mark.parametrize("split", [None, 1])
@pytest.mark.parametrize("name", sorted(path.name for path in DIRECTORY.glob("*.txt")))
async def test_transcript(house: House, name: str, split: int | None) -> None:
    if name.startswith("submission-"):
        house.submits()
    transcript = parse_transcript((DIRECTORY / name).read_text(encoding="utf-8"))
    await run_transcript(transcript, house.connect, split)
