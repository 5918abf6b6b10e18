"""Tokens for subjects: for one author, one recipient and some time."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from mox.filtering import PassToken, check_token, make_token, refusal_text

KEY, AUTHOR = b"k" * 16, "ann@bücher.example"
NOW = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)


def check(subject: str, *, key: bytes = KEY, author: str = AUTHOR, now: datetime = NOW) -> PassToken:
    return check_token(subject, key, author, now=now, period=HOUR)


@pytest.mark.parametrize(
    ("after", "result"),
    [
        (timedelta(), PassToken.VALID),
        (timedelta(minutes=55), PassToken.VALID),
        (timedelta(minutes=70), PassToken.EXPIRED),
    ],
)
def test_a_token_counts_for_some_time(after: timedelta, result: PassToken) -> None:
    token = make_token(KEY, AUTHOR, NOW)
    assert len(token) == len("(pass:)") + 22
    assert check(f"Re: hello {token}", now=NOW + after) is result
    assert token in refusal_text(token)


def test_a_token_is_of_one_author_and_one_recipient() -> None:
    token = make_token(KEY, AUTHOR, NOW)
    assert check(token, author="bob@x.example") is PassToken.FORGED
    assert check(token, key=b"other") is PassToken.FORGED
    assert check(token, author="") is PassToken.MALFORMED


@pytest.mark.parametrize("subject", ["", "hello", "(pass:)", "(pass:a b)"])
def test_most_subjects_have_none(subject: str) -> None:
    assert check(subject) is PassToken.ABSENT


@given(st.text(alphabet="ABCabc019-_", min_size=1, max_size=64))
def test_what_is_made_up_is_worth_nothing(token: str) -> None:
    assert check(f"(pass:{token})") in {PassToken.MALFORMED, PassToken.FORGED}
