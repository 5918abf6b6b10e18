"""Sessions of browsers: how they begin, how long they last, and what ends them."""

from datetime import timedelta

import pytest

from mox.accounts import WebSession, csrf_token
from mox.accounts.service import Service
from room.accounts.conftest import Desk


async def begin(desk: Desk, *, account: str = "mox", agent: str = "Browser/1") -> tuple[WebSession, str]:
    return await desk.identities.sessions.begin(
        kind="account", account=account, address=f"{account}@mox.example", user_agent=agent, remote_ip="::1"
    )


async def test_token_finds_its_session_and_nothing_else_does(desk: Desk) -> None:
    session, token = await begin(desk)
    sessions = desk.identities.sessions
    assert sessions.find(token, "account") == session
    assert sessions.find(token, "webmail") is None
    assert sessions.find(token[:-1], "account") is None
    for noise in ("", "x" * 100_000, "\ud800", "\0"):
        assert sessions.find(noise, "account") is None


async def test_token_is_not_in_the_database(desk: Desk) -> None:
    _, token = await begin(desk)
    rows = desk.identities._database.reader.rows("SELECT * FROM web_session")
    assert token not in repr(rows)
    assert csrf_token(token) not in repr(rows)


async def test_csrf_token_is_of_one_session(desk: Desk) -> None:
    (_, one), (_, other) = await begin(desk), await begin(desk)
    assert csrf_token(one) == csrf_token(one) != csrf_token(other)
    assert csrf_token(one) != one


@pytest.mark.parametrize(
    ("uses", "lasts"),
    [
        ([], timedelta(hours=23)),
        ([timedelta(hours=20)], timedelta(hours=43)),
        ([timedelta(hours=20 * day) for day in range(1, 100)], timedelta(days=29, hours=23)),
    ],
)
async def test_lasts_a_day_after_its_use_and_a_month_at_most(
    desk: Desk, uses: list[timedelta], lasts: timedelta
) -> None:
    _, token = await begin(desk)
    start = desk.clock.now()
    for use in uses:
        await desk.clock.advance((start + use - desk.clock.now()).total_seconds())
        if (session := desk.identities.sessions.find(token, "account")) is None:
            break
        desk.identities.sessions.note_use(session, "::1")
        await desk.identities._database.write(lambda _: None)
    else:
        await desk.clock.advance((start + lasts - desk.clock.now()).total_seconds())
        assert desk.identities.sessions.find(token, "account") is not None
        await desk.clock.advance(timedelta(hours=2).total_seconds())
    assert desk.identities.sessions.find(token, "account") is None
    assert desk.identities.sessions.of("mox") == []


async def test_use_is_written_now_and_then(desk: Desk) -> None:
    session, _ = await begin(desk)
    sessions = desk.identities.sessions
    assert not sessions.note_use(session, "::1")
    assert sessions.note_use(session, "192.0.2.1")
    await desk.clock.advance(300)
    assert sessions.note_use(session, "::1")


async def test_an_account_has_a_hundred_at_most(desk: Desk) -> None:
    _, oldest = await begin(desk)
    await begin(desk, account="pat")
    for _ in range(100):
        await desk.clock.advance(1)
        await begin(desk)
    assert desk.identities.sessions.find(oldest, "account") is None
    assert len(desk.identities.sessions.of("mox")) == 100
    assert len(desk.identities.sessions.of("pat")) == 1


async def test_ends_only_sessions_of_the_account(desk: Desk) -> None:
    session, token = await begin(desk)
    sessions = desk.identities.sessions
    assert not await sessions.end("pat", session.id)
    assert sessions.find(token, "account") is not None
    assert await sessions.end("mox", session.id)
    assert sessions.find(token, "account") is None


async def test_changing_the_password_ends_the_others(desk: Desk) -> None:
    (_, mine), (_, others), (_, pats) = await begin(desk), await begin(desk), await begin(desk, account="pat")
    await desk.identities.credentials.set_password("mox", "a new password", session=mine)
    found = [desk.identities.sessions.find(token, "account") is not None for token in (mine, others, pats)]
    assert found == [True, False, True]
    # Set by an administrator: all of them.
    await desk.identities.credentials.set_password("mox", "another password")
    assert desk.identities.sessions.find(mine, "account") is None


async def test_goes_with_its_account(desk: Desk) -> None:
    _, token = await begin(desk)
    await desk.identities.remove_account("mox")
    assert desk.identities.sessions.find(token, "account") is None


async def test_ending_all_may_spare_one(desk: Desk) -> None:
    (_, mine), (_, others) = await begin(desk), await begin(desk)
    await desk.identities.sessions.end_all("mox", but=mine)
    assert desk.identities.sessions.find(mine, "account") is not None
    assert desk.identities.sessions.find(others, "account") is None
    await desk.identities.sessions.end_all("mox")
    assert desk.identities.sessions.of("mox") == []


async def test_app_passwords_are_not_for_the_account_pages(desk: Desk) -> None:
    with pytest.raises(ValueError, match="imap and submission only"):
        await desk.identities.credentials.add_app_password("mox", "x", [Service.ACCOUNT])
