"""What the operations do: identity, passwords, keys, suppressions, filtering."""

import pytest

from mox.accounts import Service
from moxkit.net import minimal_certificate
from moxkit.testing import make_certificate
from room.webaccount.conftest import PASSWORDS, World

_MINE, _KEY = (part.decode() for part in minimal_certificate(b"m" * 32, name="Laptop"))
_PATS = minimal_certificate(b"p" * 32, name="Phone")[0].decode()


async def test_overview_tells_of_the_account_only(world: World) -> None:
    told = (await (await world.signed_in()).ask("GET", "/api/account")).json
    assert [each["address"] for each in told["addresses"]] == ["mox@mox.example", "shop@mox.example"]
    assert told["addresses"][1]["mailbox"] == "Shop"
    assert told["aliases"] == [
        {
            "address": "crew@mox.example",
            "member": "mox@mox.example",
            "anyone_may_post": False,
            "may_send_as": True,
            "members": ["mox@mox.example", "pat@mox.example"],
        }
    ]
    assert (told["storage_octets"], told["storage_limit_octets"], told["messages"]) == (0, 10**9, 0)
    assert (told["waiting"], told["next_attempt_at"]) == (0, None)


async def test_changing_the_password_keeps_this_session_only(world: World) -> None:
    one, other = await world.signed_in(), await world.signed_in()
    body = {"current_password": PASSWORDS["mox"], "password": "correct horse battery"}
    assert (await one.ask("PUT", "/api/account/password", body)).status == 204
    assert [(await each.ask("GET", "/api/session")).status for each in (one, other)] == [200, 401]
    assert (await world.browser().login("mox", PASSWORDS["mox"])).status == 401
    assert (await world.browser().login("mox", "correct horse battery")).status == 200


@pytest.mark.parametrize(
    ("current", "new", "field"),
    [
        ("wrong password", "correct horse battery", "current_password"),
        (PASSWORDS["pat"], "correct horse battery", "current_password"),
        (PASSWORDS["mox"], "short", "password"),
        (PASSWORDS["mox"], "tab\tcharacter", "password"),
    ],
)
async def test_refuses_passwords(world: World, current: str, new: str, field: str) -> None:
    browser = await world.signed_in()
    reply = await browser.ask("PUT", "/api/account/password", {"current_password": current, "password": new})
    assert (reply.status, reply.json["field"]) == (422, field)
    assert (await world.browser().login("mox")).status == 200


async def test_generates_a_password_that_is_shown_once(world: World) -> None:
    browser = await world.signed_in()
    made = await browser.ask("POST", "/api/account/password/generate", {"current_password": PASSWORDS["mox"]})
    assert (await world.browser().login("mox", made.json["password"])).status == 200
    assert ("cache-control", "no-store") in made.headers


async def test_app_passwords_are_made_listed_and_removed(world: World) -> None:
    browser = await world.signed_in()
    made = await browser.ask("POST", "/api/app-passwords", {"name": "Printer", "services": ["submission"]})
    secret = made.json["password"]
    sign_in = world.parts.identities.sign_in
    assert await sign_in.check_password("mox@mox.example", secret, Service.SUBMISSION) is not None
    listed = await browser.ask("GET", "/api/app-passwords")
    assert [each["name"] for each in listed.json] == ["Printer"]
    assert secret not in listed.body.decode()
    assert (await browser.ask("DELETE", f"/api/app-passwords/{listed.json[0]['id']}")).status == 204
    assert await sign_in.check_password("mox@mox.example", secret, Service.SUBMISSION) is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "", "services": ["imap"]}, "name"),
        ({"name": "x", "services": []}, "services"),
        ({"name": "x", "services": ["account"]}, "services"),
        ({"name": "x", "services": ["telnet"]}, "services"),
        ({"name": "x", "services": "imap"}, "services"),
        ({"name": 3, "services": ["imap"]}, "name"),
        ({"services": ["imap"]}, "name"),
        ({"name": "x", "services": ["imap"], "account": "pat"}, "account"),
    ],
)
async def test_refuses_app_passwords(world: World, body: object, field: str) -> None:
    reply = await (await world.signed_in()).ask("POST", "/api/app-passwords", body)
    assert (reply.status, reply.json["field"]) == (422, field)


async def test_keys_are_added_changed_and_removed(world: World) -> None:
    browser = await world.signed_in()
    added = await browser.ask("POST", "/api/tls-keys", {"certificate": _MINE, "address": "mox@mox.example"})
    assert (added.json["name"], added.json["type"], added.json["no_imap_preauth"]) == (
        "Laptop",
        "ed25519",
        False,
    )
    path = f"/api/tls-keys/{added.json['fingerprint']}"
    change = {"name": "Desk", "address": "shop@mox.example", "no_imap_preauth": True}
    changed = await browser.ask("PUT", path, change)
    assert {name: changed.json[name] for name in change} == change
    assert (await browser.ask("GET", "/api/tls-keys")).json == [changed.json]
    assert (await browser.ask("DELETE", path)).status == 204
    assert (await browser.ask("DELETE", path)).status == 404


@pytest.mark.parametrize(
    ("certificate", "address", "field"),
    [
        (_KEY, "mox@mox.example", "certificate"),
        (_MINE + _KEY, "mox@mox.example", "certificate"),
        ("hello", "mox@mox.example", "certificate"),
        (_MINE + _MINE, "mox@mox.example", "certificate"),
        (_MINE, "pat@mox.example", "address"),
        (_MINE, "crew@mox.example", "address"),
        (_MINE, "me@else.example", "address"),
        ("x" * 40_000, "mox@mox.example", "certificate"),
    ],
)
async def test_refuses_keys(world: World, certificate: str, address: str, field: str) -> None:
    body = {"certificate": certificate, "address": address}
    reply = await (await world.signed_in()).ask("POST", "/api/tls-keys", body)
    assert (reply.status, reply.json["field"]) == (422, field)
    assert world.parts.identities.keys.keys() == []


async def test_takes_keys_of_usual_certificates(world: World) -> None:
    certificate, _ = make_certificate("laptop.example")
    body = {"certificate": certificate.decode(), "address": "mox@mox.example", "name": "Old laptop"}
    assert (await (await world.signed_in()).ask("POST", "/api/tls-keys", body)).status == 200


async def test_suppressions_are_listed_added_and_removed(world: World) -> None:
    browser = await world.signed_in()
    added = await browser.ask(
        "POST", "/api/suppressions", {"address": "Who+x@Else.example", "reason": "noisy"}
    )
    assert (added.json["base_address"], added.json["is_manual"]) == ("who@else.example", True)
    again = await browser.ask("POST", "/api/suppressions", {"address": "who@else.example"})
    assert (again.status, again.json["code"]) == (409, "known")
    assert [each["reason"] for each in (await browser.ask("GET", "/api/suppressions")).json] == ["noisy"]
    assert (await browser.ask("DELETE", "/api/suppressions/who@else.example")).status == 204
    assert (await browser.ask("DELETE", "/api/suppressions/who@else.example")).status == 404
    odd = "a/b%c@else.example"
    assert (await browser.ask("POST", "/api/suppressions", {"address": odd})).status == 200
    assert (await browser.ask("DELETE", "/api/suppressions/a%2Fb%25c@else.example")).status == 204
    assert (await browser.ask("POST", "/api/suppressions", {"address": "no address"})).status == 422


async def test_filtering_is_changed_in_the_configuration(world: World) -> None:
    browser = await world.signed_in()
    before = (await browser.ask("GET", "/api/filtering")).json
    assert before["junk_filter"]["enabled"] is False
    for what, body in {
        "junk-flags": {"enabled": True, "junk": "^junk", "neutral": "", "not_junk": ""},
        "junk-filter": {**before["junk_filter"], "enabled": True, "threshold": 0.9, "threegrams": True},
        "rejects": {"mailbox": "Rejects", "keep": True},
        "introbox": {"mailbox": "Introbox"},
    }.items():
        assert (await browser.ask("PUT", f"/api/filtering/{what}", body)).status == 204
    after = (await browser.ask("GET", "/api/filtering")).json
    assert after["junk_flags"]["junk"] == "^junk"
    assert after["junk_filter"]["threshold"] == 0.9
    # Only an administrator's.
    assert after["junk_filter"]["threegrams"] is False
    assert (after["rejects"]["keep"], after["introbox"]["mailbox"]) == (True, "Introbox")
    settings = world.parts.settings("mox")
    assert settings.automatic_junk_flags is not None
    assert settings.automatic_junk_flags.junk_mailbox_regexp == "^junk"


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("junk-flags", {"enabled": True, "junk": "(", "neutral": "", "not_junk": ""}),
        ("rejects", {"mailbox": "Inbox", "keep": False}),
        ("introbox", {"mailbox": "inbox"}),
    ],
)
async def test_refuses_settings_that_cannot_be(world: World, what: str, body: object) -> None:
    browser = await world.signed_in()
    reply = await browser.ask("PUT", f"/api/filtering/{what}", body)
    assert (reply.status, reply.json["code"]) == (422, "wrong-value")
    assert "domains.toml" not in reply.json["detail"]


async def test_trouble_of_others_in_the_configuration_is_not_told(world: World) -> None:
    browser = await world.signed_in()
    file = world.parts.source.directory / "domains.toml"
    file.write_text(file.read_text() + "\n[Accounts.secret]\nDomain = 'nowhere.example'\n")
    reply = await browser.ask("PUT", "/api/account/full-name", {"full_name": "x"})
    assert (reply.status, reply.json["code"]) == (503, "configuration")
    assert "secret" not in reply.body.decode()


async def test_nobody_elses_things_can_be_had(world: World) -> None:
    mox, pat = await world.signed_in(), await world.signed_in("pat")
    key = (await pat.ask("POST", "/api/tls-keys", {"certificate": _PATS, "address": "pat@mox.example"})).json
    app = (await pat.ask("POST", "/api/app-passwords", {"name": "pats", "services": ["imap"]})).json["app"]
    await pat.ask("POST", "/api/suppressions", {"address": "pats@else.example"})
    change = {"name": "Taken", "address": "mox@mox.example", "no_imap_preauth": True}
    assert (await mox.ask("PUT", f"/api/tls-keys/{key['fingerprint']}", change)).status == 404
    assert (await mox.ask("DELETE", f"/api/tls-keys/{key['fingerprint']}")).status == 404
    assert (await mox.ask("DELETE", f"/api/app-passwords/{app['id']}")).status == 404
    assert (await mox.ask("DELETE", "/api/suppressions/pats@else.example")).status == 404
    assert (await pat.ask("GET", "/api/tls-keys")).json == [key]
    assert (await pat.ask("GET", "/api/app-passwords")).json == [app]
    assert len((await pat.ask("GET", "/api/suppressions")).json) == 1


_RULE = {"mailbox": "Lists", "msg_from": "^lists@", "headers": [{"name": "^list-id$", "value": "mox"}]}
_ADDRESS = {
    "mailbox": "Shopping",
    "full_name": "The shop",
    "refusal": "",
    "authentication_refusal": "Sign your mail",
    "rules": [_RULE, {"mailbox": "Friends", "verified_domain": "else.example", "comment": "them"}],
}


async def test_rules_of_an_address_are_changed_and_told(world: World) -> None:
    browser, path = await world.signed_in(), "/api/addresses/shop@mox.example"
    before = (await browser.ask("GET", path)).json
    assert (before["mailbox"], before["rules"]) == ("Shop", [])
    changed = await browser.ask("PUT", path, _ADDRESS | {"version": before["version"]})
    assert changed.status == 200
    assert changed.json["rules"][0]["headers"] == _RULE["headers"]
    assert (await browser.ask("GET", path)).json == changed.json
    stored = world.parts.settings("mox").destinations["shop@mox.example"]
    assert stored.rulesets[0].headers_regexp == {"^list-id$": "mox"}
    # The other address is as it was, and the first version is not any more.
    assert world.parts.settings("mox").destinations["mox@mox.example"].rulesets == ()
    again = await browser.ask("PUT", path, _ADDRESS | {"version": before["version"]})
    assert (again.status, again.json["code"]) == (409, "modified")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"rules": [{"mailbox": "Lists"}]}, "Rule 1 has no condition"),
        ({"rules": [_RULE, _RULE | {"msg_from": "("}]}, "Rule 2: MsgFromRegexp is not a regular"),
        ({"rules": [_RULE | {"headers": [{"name": "List-Id", "value": "x"}]}]}, "lower case"),
        ({"rules": [_RULE | {"is_forward": True}]}, "Rule 1: IsForward needs"),
        ({"refusal": "250 come in", "mailbox": "", "rules": []}, "SMTPError must begin"),
        ({"refusal": "550 go away"}, "SMTPError cannot go with"),
    ],
)
async def test_refuses_rules(world: World, change: dict[str, object], told: str) -> None:
    browser, path = await world.signed_in(), "/api/addresses/shop@mox.example"
    version = (await browser.ask("GET", path)).json["version"]
    reply = await browser.ask("PUT", path, _ADDRESS | {"version": version} | change)
    assert (reply.status, reply.json["code"]) == (422, "wrong-value")
    assert told in reply.json["detail"]
    assert (await browser.ask("GET", path)).json["version"] == version


@pytest.mark.parametrize("address", ["pat@mox.example", "crew@mox.example", "x", "mox%40mox.example%2F"])
async def test_addresses_of_others_are_none(world: World, address: str) -> None:
    browser = await world.signed_in()
    assert (await browser.ask("GET", f"/api/addresses/{address}")).status == 404
    body = _ADDRESS | {"version": ""}
    assert (await browser.ask("PUT", f"/api/addresses/{address}", body)).status == 404


async def test_sending_is_changed(world: World) -> None:
    browser = await world.signed_in()
    wanted = {"from_id_login_addresses": ["shop@mox.example"], "keep_messages": 3600, "keep_webhooks": 60}
    assert (await browser.ask("PUT", "/api/sending", wanted)).status == 204
    assert (await browser.ask("GET", "/api/sending")).json == wanted
    wanted["from_id_login_addresses"] = ["pat@mox.example"]
    refused = await browser.ask("PUT", "/api/sending", wanted)
    assert "not an address of the account" in refused.json["detail"]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("outgoing", {"url": "ftp://x.example", "authorization": "", "events": []}, "url"),
        ("outgoing", {"url": "https://", "authorization": "", "events": []}, "url"),
        ("outgoing", {"url": "https://x.example:99999/", "authorization": "", "events": []}, "url"),
        ("outgoing", {"url": "https://x.example", "authorization": "a\nb", "events": []}, "authorization"),
        ("outgoing", {"url": "https://x.example", "authorization": "", "events": ["sent"]}, "events"),
        ("incoming", {"url": "https://[x", "authorization": ""}, "url"),
        ("imap", {"capabilities": ["imap4rev2"]}, "capabilities"),
        ("imap", {"capabilities": ["A B"]}, "capabilities"),
        ("imap", {"capabilities": [""]}, "capabilities"),
    ],
)
async def test_refuses_what_programs_cannot_use(world: World, path: str, body: object, field: str) -> None:
    reply = await (await world.signed_in()).ask("PUT", f"/api/developers/{path}", body)
    assert (reply.status, reply.json["field"]) == (422, field)


async def test_webhooks_are_kept_and_removed(world: World) -> None:
    browser = await world.signed_in()
    hook = {"url": "https://else.example/hook", "authorization": "Bearer x", "events": ["failed"]}
    assert (await browser.ask("PUT", "/api/developers/outgoing", hook)).status == 204
    assert (await browser.ask("PUT", "/api/developers/imap", {"capabilities": ["IDLE"]})).status == 204
    told = (await browser.ask("GET", "/api/developers")).json
    assert (told["outgoing"], told["imap"]) == (hook, {"capabilities": ["IDLE"]})
    assert (await browser.ask("PUT", "/api/developers/outgoing", hook | {"url": ""})).status == 204
    assert world.parts.settings("mox").outgoing_webhook is None
