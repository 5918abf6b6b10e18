"""Golden transcripts, whole and octet by octet."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mox.smtpserver import SpecialRecipients
from moxkit.testing import FakeResolver, parse_transcript, run_transcript

# The type of the fixture lives in conftest.py, which has no name mypy and pytest agree on.
House = Any

DIRECTORY = Path(__file__).parents[2] / "transcripts" / "smtp"


ZONE = """
mail.sender.example. A 192.0.2.1
sender.example. MX 10 mail.sender.example.
null.example. MX 0 .
broken.example. MX 10 mail.sender.example.
"""


def prepare(house: House, name: str) -> None:
    """Make the house a file needs; its name says which."""
    if name.startswith("submission-needs-tls"):
        house.submits(allows_plaintext=False)
        house.use_tls()
    elif name.startswith("submission-"):
        house.submits()
    elif name.startswith("requires-starttls"):
        house.options = replace(house.options, requires_starttls=True)
        house.use_tls()
    elif name.startswith("special-"):
        house.special = SpecialRecipients()
    elif name.startswith("dns-"):
        house.resolver = FakeResolver(ZONE, temporary=["broken.example."])
    elif name.startswith("shutdown"):
        house.shutdown.ask("a test")


@pytest.mark.parametrize("split", [None, 1])
@pytest.mark.parametrize("name", sorted(path.name for path in DIRECTORY.glob("*.txt")))
async def test_transcript(house: House, name: str, split: int | None) -> None:
    prepare(house, name)
    transcript = parse_transcript((DIRECTORY / name).read_text(encoding="utf-8"))
    await run_transcript(transcript, house.connect, split)
