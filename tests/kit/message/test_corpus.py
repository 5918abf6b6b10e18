"""Nasty stored messages go through everything without error, and render to valid IMAP."""

from collections.abc import Callable
from pathlib import Path

import pytest

from moxkit.message import (
    base_subject,
    bounded_text,
    check_strict,
    from_address,
    header_of,
    is_known_transfer_encoding,
    message_id,
    needs_smtputf8,
    parse,
    preview,
    references,
    render_bodystructure,
    render_envelope,
)

Reader = Callable[[bytes], object]
CORPUS = sorted((Path(__file__).parents[2] / "corpus" / "message").glob("*.eml"))


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_goes_through_everything(path: Path, read_value: Reader) -> None:
    source = path.read_bytes()
    part = parse(source)
    headers = header_of(part, source)
    _ = (from_address(headers), message_id(headers), references(headers), needs_smtputf8(part, source))
    base_subject(headers.text("subject") or "")
    for utf8 in (True, False):
        read_value(render_envelope(part, source, utf8=utf8).octets)
        read_value(render_bodystructure(part, source, utf8=utf8).octets)
    for each in part.walk():
        assert not is_known_transfer_encoding(each) or bounded_text(each, source, limit=1000) is not None
    assert len(preview(part, source)) <= 256
    assert len(check_strict(part, source)) <= 100


def test_filename_over_sections_is_joined() -> None:
    source = (CORPUS[0].parent / "encoded-filenames.eml").read_bytes()
    (attached,) = parse(source).parts
    assert (attached.filename, attached.params["name"]) == ("é.pdf", "é.pdf")


def test_truncated_original_in_a_report_is_kept() -> None:
    source = (CORPUS[0].parent / "report.eml").read_bytes()
    original = parse(source).parts[2].message
    assert original is not None
    assert header_of(original, source).text("subject") == "cut off in the hea"
    assert "no blank line after header" in original.problems
