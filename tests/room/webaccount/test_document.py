"""The description of the API: its answers are as it says, and no operation answers for another account."""

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, given, settings, strategies as st

from mox.webaccount import account_api, account_door
from moxkit.net import minimal_certificate
from room.webaccount.conftest import PASSWORDS, Browser, Reply, World

_CERTIFICATE = minimal_certificate(b"d" * 32, name="Device")[0].decode()
_BODIES: dict[str, object] = {
    "set_full_name": {"full_name": "Mo"},
    "set_password": {"current_password": "", "password": "correct horse"},
    "generate_password": {"current_password": ""},
    "add_app_password": {"name": "Phone", "services": ["imap"]},
    "add_tls_key": {"certificate": _CERTIFICATE, "address": "mox@mox.example"},
    "change_tls_key": {"name": "Desk", "address": "mox@mox.example", "no_imap_preauth": True},
    "add_suppression": {"address": "who@else.example"},
    "set_junk_flags": {"enabled": False, "junk": "", "neutral": "", "not_junk": ""},
    "set_junk_filter": {
        "enabled": True,
        "threshold": 0.9,
        "onegrams": True,
        "twograms": True,
        "max_power": 0.1,
        "top_words": 10,
        "ignore_words": 0.1,
        "rare_words": 1,
    },
    "set_rejects": {"mailbox": "Rejects", "keep": False},
    "set_introbox": {"mailbox": ""},
    "set_address": {
        "version": "",
        "mailbox": "Archive",
        "full_name": "",
        "refusal": "",
        "authentication_refusal": "",
        "rules": [
            {"mailbox": "Lists", "msg_from": "lists", "headers": [{"name": "^list-id$", "value": "x"}]}
        ],
    },
    "set_sending": {"from_id_login_addresses": ["mox@mox.example"], "keep_messages": 60, "keep_webhooks": 0},
    "set_outgoing_webhook": {
        "url": "https://else.example/",
        "authorization": "Basic x",
        "events": ["failed", "delivered"],
    },
    "set_incoming_webhook": {"url": "http://else.example:8080/in", "authorization": ""},
    "set_hidden_capabilities": {"capabilities": ["IMAP4REV2"]},
}
_LAST = ("end_session", "logout", "logout_everywhere")


def problems(value: Any, schema: dict[str, Any], document: dict[str, Any], at: str = "") -> Iterator[str]:
    """Compare a value with a schema, as far as our schemas go."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        if all(list(problems(value, each, document)) for each in schema["anyOf"]):
            yield f"{at}: fits nothing"
        return
    kinds: dict[str, type | tuple[type, ...]] = {
        "object": dict, "array": list, "string": str, "boolean": bool, "null": type(None),
        "integer": int, "number": (int, float),
    }  # fmt: skip
    fits = isinstance(value, kinds[schema["type"]])
    if not fits or (isinstance(value, bool) and schema["type"] != "boolean"):
        yield f"{at}: {value!r} is not {schema['type']}"
    elif schema["type"] == "object":
        yield from (f"{at}: {name} is missing" for name in schema["required"] if name not in value)
        for name, each in value.items():
            if name not in schema["properties"]:
                yield f"{at}: {name} is not described"
            else:
                yield from problems(each, schema["properties"][name], document, f"{at}.{name}")
    elif schema["type"] == "array":
        for each in value:
            yield from problems(each, schema["items"], document, f"{at}[]")
    elif "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is not one of {schema['enum']}"


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


async def test_document_is_served_and_complete(world: World) -> None:
    reply = await world.browser().ask("GET", "/api/openapi.json")
    document = reply.json
    assert document["openapi"] == "3.1.0"
    assert document == json.loads(json.dumps(account_api(world.parts, account_door(world.parts)).document()))
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert (
        len(set(names)) == len(names) == len(account_api(world.parts, account_door(world.parts)).operations)
    )
    text = json.dumps(document)
    references = {each.partition('"')[0] for each in text.split("#/components/schemas/")[1:]}
    assert references <= set(document["components"]["schemas"])


async def test_answers_are_as_described(world: World) -> None:
    document = (await world.browser().ask("GET", "/api/openapi.json")).json
    browser, known = await world.signed_in(), dict[str, object]()
    for method, path, operation in sorted(operations(document), key=_in_order):
        name = operation["operationId"]
        if name in {"login", "prepare_login"}:
            continue  # What signed in above.
        if name == "abort_import":
            world.stager.free.clear()
            begun = await browser.ask("POST", "/import?name=a.mbox", octets=b"From a@b\n\nhello\n")
            known["token"] = begun.json["token"]
        if name in _LAST:
            browser = await world.signed_in_again(browser)
            known["session_id"] = (await browser.ask("GET", "/api/sessions")).json[0]["id"]
        for parameter in operation.get("parameters", ()):
            path = path.replace(f"{{{parameter['name']}}}", str(known.get(parameter["name"], "")))  # noqa: PLW2901  filled in
        body = _BODIES.get(name)
        if isinstance(body, dict) and "current_password" in body:
            body = {**body, "current_password": known.get("password", PASSWORDS["mox"])}
        if name in {"get_address", "set_address"}:
            path = "/addresses/mox@mox.example"  # noqa: PLW2901  filled in
        if name == "set_address" and isinstance(body, dict):
            body = {**body, "version": (await browser.ask("GET", f"/api{path}")).json["version"]}
        reply = await browser.ask(method, f"/api{path}", body)
        check(reply, operation, document)
        remember(name, reply, known)


def check(reply: Reply, operation: dict[str, Any], document: dict[str, Any]) -> None:
    described = operation["responses"].get(str(reply.status))
    assert described is not None, (operation["operationId"], reply)
    if "content" not in described:
        assert reply.body == b""
        return
    schema = described["content"]["application/json"]["schema"]
    assert list(problems(reply.json, schema, document, operation["operationId"])) == []


def remember(name: str, reply: Reply, known: dict[str, object]) -> None:
    match name:
        case "add_app_password":
            known["app_id"] = reply.json["app"]["id"]
        case "add_tls_key":
            known["fingerprint"] = reply.json["fingerprint"]
        case "generate_password":
            known["password"] = reply.json["password"]
        case "add_suppression":
            known["address"] = reply.json["address"]
        case _:
            pass


def _in_order(each: tuple[str, str, dict[str, Any]]) -> tuple[bool, int, str]:
    method, path, operation = each
    return operation["operationId"] in _LAST, ("POST", "PUT", "GET", "DELETE").index(method), path


async def test_every_operation_with_a_session_needs_one_and_a_token(world: World) -> None:
    document = (await world.browser().ask("GET", "/api/openapi.json")).json
    nobody, browser = world.browser(), await world.signed_in()
    browser.csrf = ""
    for method, path, operation in operations(document):
        if not operation["security"]:
            continue
        filled = path.replace("{session_id}", "1").replace("{app_id}", "1")
        reply = await nobody.ask(method, f"/api{filled}", _BODIES.get(operation["operationId"]))
        assert (reply.status, reply.json["code"]) == (401, "no-session")
        if method != "GET":
            reply = await browser.ask(method, f"/api{filled}", _BODIES.get(operation["operationId"]))
            assert (reply.status, reply.json["code"]) == (403, "csrf")


async def test_no_answer_names_the_other_account(world: World) -> None:
    """Whatever of another account's a request asks for, nothing of it is in the answer, or changes."""
    document = (await world.browser().ask("GET", "/api/openapi.json")).json
    mox, pat = await world.signed_in(), await world.signed_in("pat")
    key = (
        await pat.ask("POST", "/api/tls-keys", {"certificate": _CERTIFICATE, "address": "pat@mox.example"})
    ).json
    app = (await pat.ask("POST", "/api/app-passwords", {"name": "secret-name", "services": ["imap"]})).json
    await pat.ask("POST", "/api/suppressions", {"address": "secret@else.example"})
    session = (await pat.ask("GET", "/api/sessions")).json[0]["id"]
    world.stager.free.clear()
    archive = b"From a@b\nSubject: secret\n\nhello\n"
    token = (await pat.ask("POST", "/import?name=secret.mbox", octets=archive)).json["token"]
    ids = {
        "token": token,
        "session_id": session,
        "app_id": app["app"]["id"],
        "fingerprint": key["fingerprint"],
        "address": "secret@else.example",
    }
    before = await _all_of(pat)
    for method, path, operation in operations(document):
        name = operation["operationId"]
        if name in {"logout", "logout_everywhere", "login", "prepare_login", "add_suppression"}:
            continue
        filled = path
        for parameter, value in ids.items():
            filled = filled.replace(f"{{{parameter}}}", str(value))
        reply = await mox.ask(method, f"/api{filled}", _BODIES.get(name))
        for secret in ("secret", key["fingerprint"], "secret-name"):
            assert secret not in reply.body.decode(), (name, reply)
    assert await _all_of(pat) == before


async def _all_of(browser: Browser) -> list[object]:
    return [
        (await browser.ask("GET", f"/api/{path}")).json
        for path in (
            "account",
            "tls-keys",
            "app-passwords",
            "suppressions",
            "filtering",
            "sessions",
            "imports",
        )
    ]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(bodies=st.lists(_JSON, min_size=1, max_size=3), data=st.data())
async def test_noise_is_refused_and_never_a_crash(
    world: World, bodies: list[object], data: st.DataObject
) -> None:
    document = account_api(world.parts, account_door(world.parts)).document()
    found = [each for each in operations(document) if "requestBody" in each[2]]
    browser = await world.signed_in()
    for body in bodies:
        method, path, operation = data.draw(st.sampled_from(found))
        named = _BODIES.get(operation["operationId"], {})
        # Right but for one field, or noise altogether.
        if isinstance(named, dict) and named and data.draw(st.booleans()):
            body = {**named, data.draw(st.sampled_from(sorted(named))): body}  # noqa: PLW2901  made worse
        reply = await browser.ask(method, f"/api{path}", body)
        assert reply.status < 500
