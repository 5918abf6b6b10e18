"""Signing in by browser: cookies, what is refused, limits, the end of sessions (reference web-auth.md)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from mox.accounts import Service
from mox.webaccount.signingin import Login
from room.webaccount.conftest import PASSWORDS, World


async def test_signs_in_with_any_address_and_gets_a_strict_cookie(world: World) -> None:
    browser = world.browser()
    reply = await browser.login("mox+web@mox.example", PASSWORDS["mox"])
    assert (reply.json["account"], reply.json["address"]) == ("mox", "mox+web@mox.example")
    cookie = next(each for each in reply.cookies if each.startswith("webaccountsession="))
    for flag in ("HttpOnly", "Path=/", "SameSite=strict", "Secure"):
        assert flag in cookie
    assert "Max-Age" not in cookie
    assert reply.json["csrf"] not in "".join(reply.cookies)
    assert (await browser.ask("GET", "/api/session")).json["csrf"] == browser.csrf


async def test_cookie_is_not_for_tls_only_where_there_is_none(world: World) -> None:
    reply = await world.browser(scheme="http").login()
    assert "Secure" not in "".join(reply.cookies)


@pytest.mark.parametrize(
    ("username", "password", "status", "code"),
    [
        ("mox@mox.example", "wrong password", 401, "login-failed"),
        ("nobody@mox.example", "wrong password", 401, "login-failed"),
        ("pat@mox.example", PASSWORDS["mox"], 401, "login-failed"),
        ("mox@mox.example", "", 422, "wrong-value"),
        ("mox@mox.example", "x" * 5000, 422, "wrong-value"),
        ("mox@mox.example\0", "wrong password", 422, "wrong-value"),
    ],
)
async def test_refuses_alike(world: World, username: str, password: str, status: int, code: str) -> None:
    browser = world.browser()
    token = (await browser.ask("POST", "/api/login/prepare")).json["login_token"]
    body = {"login_token": token, "username": username, "password": password}
    reply = await browser.ask("POST", "/api/login", body)
    assert (reply.status, reply.json["code"]) == (status, code)
    assert not any("session" in cookie for cookie in reply.cookies)


async def test_needs_the_token_of_its_own_sign_in_page(world: World) -> None:
    browser, other = world.browser(), world.browser()
    body = {"login_token": "", "username": "mox@mox.example", "password": PASSWORDS["mox"]}
    assert (await browser.ask("POST", "/api/login", body)).json["code"] == "no-login-token"
    foreign = (await other.ask("POST", "/api/login/prepare")).json["login_token"]
    await browser.ask("POST", "/api/login/prepare")
    body["login_token"] = foreign
    assert (await browser.ask("POST", "/api/login", body)).json["code"] == "no-login-token"


async def test_disabled_account_is_told_only_after_its_password(world: World) -> None:
    signed_in = await world.signed_in()
    world.parts.change("mox", lambda old: replace(old, login_disabled="On holiday"))
    wrong = await world.browser().login("mox", "wrong password")
    assert wrong.json["code"] == "login-failed"
    right = await world.browser().login("mox")
    assert (right.status, right.json["detail"]) == (403, "On holiday")
    # And sessions that are there end.
    assert (await signed_in.ask("GET", "/api/account")).json["code"] == "session-ended"


async def test_failures_are_limited_recorded_and_slow(world: World) -> None:
    browser, began = world.browser(ip="198.51.100.9"), world.clock.monotonic()
    for _ in range(10):
        assert (await browser.login("mox", "wrong password")).status == 401
        await world.parts.identities.attempts.settle()
    assert world.clock.monotonic() - began >= 10
    refused = await browser.login("mox")
    assert (refused.status, refused.json["code"]) == (429, "too-many-attempts")
    recorded = world.parts.identities.attempts.recent("mox")
    assert [(each.attempt.mechanism, each.attempt.result, each.count) for each in recorded] == [
        ("weblogin", "badcreds", 10)
    ]
    assert recorded[0].attempt.service is Service.ACCOUNT
    assert recorded[0].attempt.user_agent == "Browser/1"
    # Others are not locked out.
    assert (await world.browser(ip="203.0.113.1").login("mox")).status == 200


async def test_app_passwords_do_not_open_the_account(world: World) -> None:
    _, secret = await world.parts.identities.credentials.add_app_password(
        "mox", "phone", [Service.IMAP, Service.SUBMISSION]
    )
    assert (await world.browser().login("mox", secret)).status == 401


async def test_without_session_nothing_is_told(world: World) -> None:
    browser = world.browser()
    assert (await browser.ask("GET", "/api/account")).json["code"] == "no-session"
    for token in ("x", "x" * 10_000, "é"):
        browser.cookies["webaccountsession"] = token
        reply = await browser.ask("GET", "/api/account")
        assert (reply.status, reply.json["code"]) == (401, "session-ended")


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"x-mox-csrf": ""}, "csrf"),
        ({"x-mox-csrf": "0" * 22}, "csrf"),
        ({"sec-fetch-site": "cross-site"}, "other-site"),
        ({"sec-fetch-site": "same-site"}, "other-site"),
        ({"origin": "https://evil.example"}, "other-site"),
        ({"origin": "null"}, "other-site"),
        ({"origin": "http://["}, "other-site"),
        ({"origin": "https://localhost:8443"}, "other-site"),
    ],
)
async def test_refuses_what_other_pages_send(world: World, headers: dict[str, str], code: str) -> None:
    browser = await world.signed_in()
    reply = await browser.ask("PUT", "/api/account/full-name", {"full_name": "Evil"}, headers=headers)
    assert (reply.status, reply.json["code"]) == (403, code)
    assert world.parts.settings("mox").full_name == "Mo Xavier"


async def test_refuses_forms(world: World) -> None:
    browser = await world.signed_in()
    form = {"content-type": "text/plain"}
    reply = await browser.ask("PUT", "/api/account/full-name", {"full_name": "Evil"}, headers=form)
    assert reply.status == 415


async def test_own_page_may(world: World) -> None:
    browser = await world.signed_in()
    headers = {"origin": "https://localhost", "sec-fetch-site": "same-origin"}
    reply = await browser.ask("PUT", "/api/account/full-name", {"full_name": "Mo"}, headers=headers)
    assert (reply.status, reply.body) == (204, b"")
    assert world.parts.settings("mox").full_name == "Mo"


async def test_csrf_token_of_another_session_is_none(world: World) -> None:
    one, other = await world.signed_in(), await world.signed_in()
    one.csrf = other.csrf
    assert (await one.ask("POST", "/api/logout")).json["code"] == "csrf"


async def test_logout_ends_the_session(world: World) -> None:
    browser = await world.signed_in()
    token = browser.cookies["webaccountsession"]
    assert (await browser.ask("POST", "/api/logout")).status == 204
    assert "webaccountsession" not in browser.cookies
    browser.cookies["webaccountsession"] = token
    assert (await browser.ask("GET", "/api/session")).json["code"] == "session-ended"


async def test_sessions_are_listed_and_ended(world: World) -> None:
    one, other, pat = await world.signed_in(), await world.signed_in(), await world.signed_in("pat")
    listed = (await one.ask("GET", "/api/sessions")).json
    assert [each["is_current"] for each in listed] == [False, True]
    assert (await pat.ask("DELETE", f"/api/sessions/{listed[0]['id']}")).status == 404
    assert (await one.ask("DELETE", f"/api/sessions/{listed[0]['id']}")).status == 204
    assert (await other.ask("GET", "/api/session")).status == 401
    assert (await one.ask("DELETE", "/api/sessions/9999999999999999")).status == 422
    assert (await one.ask("DELETE", "/api/sessions/x")).status == 422


async def test_logout_everywhere_ends_all_of_the_account(world: World) -> None:
    one, other, pat = await world.signed_in(), await world.signed_in(), await world.signed_in("pat")
    assert (await one.ask("POST", "/api/logout-everywhere")).status == 204
    assert [(await each.ask("GET", "/api/session")).status for each in (one, other, pat)] == [401, 401, 200]


async def test_session_ends_after_a_day_without_use(world: World) -> None:
    browser = await world.signed_in()
    world.clock.jump(timedelta(hours=24))
    assert (await browser.ask("GET", "/api/session")).json["code"] == "session-ended"


async def test_use_is_recorded_now_and_then(world: World) -> None:
    browser = await world.signed_in()
    for _ in range(3):
        world.clock.jump(600)
        await browser.ask("GET", "/api/session")
        await browser.ask("GET", "/api/session")
    attempts = (await browser.ask("GET", "/api/login-attempts")).json
    assert {(each["mechanism"], each["result"], each["service"]) for each in attempts} == {
        ("websession", "ok", "account"),
        ("weblogin", "ok", "account"),
    }


async def test_no_secret_is_in_the_log_or_in_what_is_shown(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(1)
    browser = await world.signed_in()
    new = "correct horse battery"
    await world.browser().login("mox", "a wrong password")
    body = {"current_password": PASSWORDS["mox"], "password": new}
    assert (await browser.ask("PUT", "/api/account/password", body)).status == 204
    made = await browser.ask("POST", "/api/app-passwords", {"name": "x", "services": ["imap"]})
    secrets = [PASSWORDS["mox"], new, "a wrong password", browser.csrf, made.json["password"]]
    secrets.append(browser.cookies["webaccountsession"])
    logged = caplog.text + repr([record.__dict__ for record in caplog.records])
    replies = [await browser.ask("GET", f"/api/{path}") for path in ("sessions", "account", "app-passwords")]
    told = "".join(reply.body.decode() for reply in replies)
    assert [secret for secret in secrets if secret in logged or secret in told] == []
    login = Login(login_token="", username="mox", password=new)
    assert new not in repr(login)
