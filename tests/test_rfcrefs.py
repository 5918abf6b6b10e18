"""What the check of `rfc/index.toml` finds, and that it can fail."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
INDEX = """
[rfc.7889]
title = "APPENDLIMIT"
status = "yes"
owner = "moxkit.imap"
capabilities = ["APPENDLIMIT="]
transcripts = ["append-huge.txt"]
"""


@pytest.fixture(scope="module")
def rfcrefs() -> ModuleType:
    spec = importlib.util.spec_from_file_location("rfcrefs", ROOT / "tools" / "rfcrefs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Its dataclasses look their module up.
    sys.modules["rfcrefs"] = module
    spec.loader.exec_module(module)
    return module


def faults(rfcrefs: ModuleType, index: str, *announced: str) -> list[str]:
    return list(rfcrefs.faults(rfcrefs.read_index(index), announced, ROOT))


def test_value_of_a_capability_does_not_matter(rfcrefs: ModuleType) -> None:
    assert faults(rfcrefs, INDEX, "APPENDLIMIT=1000") == []


@pytest.mark.parametrize(
    ("index", "announced", "fault"),
    [
        (INDEX, "NOTIFY", "NOTIFY has to be claimed by one RFC, and is by no entry"),
        (INDEX + INDEX.replace("7889", "9051"), "APPENDLIMIT=1", "by 7889, 9051"),
        (INDEX.replace("append-huge", "nothing"), "APPENDLIMIT=1", "nothing.txt, which is not there"),
        (INDEX.replace('"append-huge.txt"', ""), "APPENDLIMIT=1", "names no transcript"),
        (INDEX.replace('"yes"', '"no"'), "APPENDLIMIT=1", "RFC 7889 is not built"),
        (INDEX.replace('"yes"', '"maybe"'), "APPENDLIMIT=1", "the status 'maybe'"),
    ],
)
def test_finds_what_does_not_agree(rfcrefs: ModuleType, index: str, announced: str, fault: str) -> None:
    found = faults(rfcrefs, index, announced)
    assert any(fault in each for each in found), found


def test_page_shows_capabilities_and_transcripts(rfcrefs: ModuleType) -> None:
    page = rfcrefs.coverage(rfcrefs.read_index(INDEX), {}, {})
    assert "| `APPENDLIMIT=` | [append-huge](../tests/transcripts/imap/append-huge.txt) |" in page
