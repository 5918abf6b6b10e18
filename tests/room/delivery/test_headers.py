"""What is put before a message: exact octets, and that strangers cannot write lines of their own."""

import re
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import given, strategies as st

from mox.delivery import Connection, received_field
from mox.delivery.headers import delivery_prefix
from mox.delivery.resultsfields import authentication_results
from mox.filtering import Fact, Outlook
from mox.verification import Verification
from moxkit import arc, dkim, dmarc, iprev, spf
from moxkit.message import Headers, parse_authentication_results
from moxkit.spf import parse_received_spf
from room.delivery.messages import (
    AT,
    CONNECTION,
    GOOD,
    RECIPIENT,
    SENDER,
    VERDICT,
    X,
    dmarc_result,
    judged,
    received,
    signature,
)

ED25519 = dkim.public_record(dkim.generate_ed25519())
RSA = dkim.public_record(dkim.generate_rsa(1024))


def test_what_stands_before_a_message_in_order() -> None:
    message = received()
    assert delivery_prefix(message, judged(message)) == (
        b"X-Mox-Reason: no-bad-signals;\r\n"
        b"\tdmarc: x.example vouches for it;\r\n"
        b"\tend: nothing speaks against it\r\n"
        b"Delivered-To: mox@mox.example\r\n"
        b"Return-Path: <ann@x.example>\r\n"
        b"Authentication-Results: mail.mox.example;\r\n"
        b"\tiprev=pass (with dnssec) policy.iprev=192.0.2.10;\r\n"
        b"\tdkim=none;\r\n"
        b"\tspf=pass (without dnssec) smtp.mailfrom=ann@x.example;\r\n"
        b"\tdmarc=pass (without dnssec) header.from=x.example\r\n"
        b"Received-SPF: pass (mail.mox.example: domain of x.example designates\r\n"
        b"\t192.0.2.10 as permitted sender) client-ip=192.0.2.10;\r\n"
        b'\tenvelope-from="ann@x.example"; helo=mx.x.example; receiver=mail.mox.example;\r\n'
        b'\tidentity=mailfrom; mechanism="ip4:192.0.2.10"\r\n'
        b"Received: from here\r\n"
    )


def test_a_member_of_an_alias_reads_its_own_address() -> None:
    message = received()
    member = replace(RECIPIENT, path="all@mox.example", alias="all@mox.example")
    prefix = Headers(delivery_prefix(message, judged(message, member)))
    assert prefix.text("delivered-to") == "mox@mox.example"


def test_null_path() -> None:
    message = received(replace(GOOD, sender=replace(SENDER, mail_from="")))
    assert b"\r\nReturn-Path: <>\r\n" in delivery_prefix(message, judged(message))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        # RFC 8601 §2.7.3, §2.7.2, §2.7.1; RFC 6008 (header.b); RFC 7489 §11.2; RFC 8617 §10.2.
        (
            {"iprev": iprev.Result(iprev.Status.PERMERROR, problem="no name for the address")},
            'iprev=permerror (without dnssec) reason="no name for the address" policy.iprev=192.0.2.10',
        ),
        (
            {"sender": replace(SENDER, remote_ip=ip_address("2001:db8::1"))},
            'iprev=pass (with dnssec) policy.iprev="2001:db8::1"',
        ),
        (
            {"spf": spf.Result(spf.Status.SOFTFAIL, spf.Identity.HELO, X, "default", authentic=True)},
            "spf=softfail (with dnssec) smtp.helo=mx.x.example",
        ),
        (
            {"dkim": (dkim.Result(dkim.Status.PASS, signature(), ED25519, authentic=True),)},
            "dkim=pass (ed25519, with dnssec) header.d=x.example header.s=s"
            " header.a=ed25519-sha256 header.b=AAECAAECAAEC",
        ),
        (
            {
                "dkim": (
                    dkim.Result(
                        dkim.Status.FAIL,
                        signature(algorithm="rsa-sha256", identity=dkim.Identity("é", X)),
                        RSA,
                        problem=dkim.Problem(dkim.ProblemKind.BODY_HASH, "body hash does not match"),
                    ),
                )
            },
            'dkim=fail (1024 bit rsa, without dnssec) reason="body hash does not match"'
            " header.d=x.example header.s=s header.a=rsa-sha256 header.b=AAECAAECAAEC",
        ),
        (
            {
                "dkim": (
                    dkim.Result(
                        dkim.Status.PERMERROR, problem=dkim.Problem(dkim.ProblemKind.SYNTAX, "no b= in it")
                    ),
                    dkim.Result(dkim.Status.PASS, signature(identity=dkim.Identity("", X)), None),
                )
            },
            'dkim=permerror reason="no b= in it"; dkim=pass (without dnssec) header.d=x.example header.s=s'
            " header.a=ed25519-sha256 header.b=AAECAAECAAEC header.i=@x.example",
        ),
        (
            {"dmarc": dmarc_result(dmarc.Status.FAIL, dmarc.Policy.QUARANTINE)},
            "dmarc=fail (p=quarantine, without dnssec) header.from=x.example",
        ),
        (
            {"dmarc": dmarc.Result(dmarc.Status.TEMPERROR, dmarc.Lookup(X), problem="no answer")},
            'dmarc=temperror (without dnssec) reason="no answer" header.from=x.example',
        ),
        (
            {"dmarc": None, "author_domain": None},
            'dmarc=none reason="no single author with a domain"',
        ),
        (
            {"arc": arc.Result(arc.Status.PASS, oldest_pass=0)},
            "arc=pass smtp.remote-ip=192.0.2.10 header.oldest-pass=0",
        ),
    ],
)
def test_results(change: dict[str, Any], expected: str) -> None:
    found = replace(GOOD, **change)
    field = authentication_results(found, "mail.mox.example")
    assert expected in re.sub(r"\r\n[ \t]", " ", field.decode())


@pytest.mark.parametrize(
    ("change", "use", "policy", "words"),
    [
        ({}, True, dmarc.Policy.REJECT, ""),
        ({"reason": "list-allow"}, True, dmarc.Policy.REJECT, "mailing_list"),
        ({"facts": (Fact("forward", Outlook.NEUTRAL, "…"),)}, True, dmarc.Policy.REJECT, "forwarded"),
        ({}, False, dmarc.Policy.REJECT, "sampled_out"),
        ({"reason": "list-allow"}, False, dmarc.Policy.QUARANTINE, "mailing_list sampled_out"),
        ({"reason": "list-allow"}, False, dmarc.Policy.NONE, ""),
    ],
)
def test_why_a_policy_did_not_count(
    change: dict[str, Any], use: bool, policy: dmarc.Policy, words: str
) -> None:
    message = received(replace(GOOD, dmarc=dmarc_result(dmarc.Status.FAIL, policy, use=use)))
    prefix = delivery_prefix(message, judged(message, **change))
    results = parse_authentication_results(Headers(prefix).raw("authentication-results")[0])
    assert results.methods[-1].comment.partition(", override ")[2] == words


def test_of_a_thousand_signatures_few_are_told() -> None:
    result = dkim.Result(dkim.Status.PASS, signature(), ED25519)
    field = authentication_results(replace(GOOD, dkim=(result,) * 1000), "mail.mox.example")
    assert field.count(b"dkim=pass") == 20


@pytest.mark.parametrize(
    ("ehlo", "reverse_name", "smtputf8", "source"),
    [
        ("mx.x.example", "mx.x.example", False, "mx.x.example ([192.0.2.10])"),
        ("MX.x.example", "mx.x.example", False, "MX.x.example ([192.0.2.10])"),
        ("mx.x.example", "cloud-7.y.example", False, "mx.x.example (cloud-7.y.example [192.0.2.10])"),
        ("[192.0.2.10]", "mx.x.example", False, "[192.0.2.10] (mx.x.example [192.0.2.10])"),
        ("bücher.example", "", False, "xn--bcher-kva.example ([192.0.2.10])"),
        ("bücher.example", "", True, "bücher.example ([192.0.2.10]) (xn--bcher-kva.example)"),
        ("(a) by b; é", "", False, "?a??by?b??? ([192.0.2.10])"),
        ("", "", False, "unknown ([192.0.2.10])"),
    ],
)
def test_who_the_client_is(ehlo: str, reverse_name: str, smtputf8: bool, source: str) -> None:
    field = received_field(
        replace(CONNECTION, ehlo=ehlo),
        received_at=AT,
        recipients=[],
        smtputf8=smtputf8,
        reverse_name=reverse_name,
    )
    # RFC 5321 §4.4, Extended-Domain.
    assert field.decode().startswith(f"Received: from {source} by mail.mox.example\r\n")


_NAMES = (
    "X-Mox-Reason", "Delivered-To", "Return-Path", "Authentication-Results", "Received-SPF", "Received",
)  # fmt: skip


@given(noise=st.lists(st.text(max_size=400), min_size=6, max_size=6), smtputf8=st.booleans())
def test_strangers_write_no_lines_of_their_own(noise: list[str], smtputf8: bool) -> None:
    ehlo, mail_from, path, text, reason, name = noise
    found = Verification(
        sender=spf.Sender(ip_address("192.0.2.10"), mail_from, ehlo, None),
        iprev=iprev.Result(iprev.Status.FAIL, problem=text),
        spf=spf.Result(spf.Status.FAIL, spf.Identity.MAILFROM, None, name, text, text),
        dkim=(
            dkim.Result(
                dkim.Status.FAIL,
                signature(identity=dkim.Identity(name, X)),
                problem=dkim.Problem(dkim.ProblemKind.SYNTAX, text),
            ),
        ),
        arc=arc.Result(arc.Status.FAIL, problem=arc.Problem(arc.ProblemKind.SYNTAX, text)),
        dmarc=dmarc.Result(dmarc.Status.PERMERROR, dmarc.Lookup(X), problem=text),
        author=None,
        author_domain=X,
    )
    trace = received_field(
        Connection(1, "mail.mox.example", "192.0.2.10", "10.0.0.1", ehlo),
        received_at=AT,
        recipients=[path],
        smtputf8=smtputf8,
        reverse_name=name,
    )
    message = replace(received(found, smtputf8=smtputf8, reverse_path=mail_from), received=trace)
    facts = (Fact("content", Outlook.BAD, text), Fact(name, Outlook.BAD, reason))
    octets = delivery_prefix(message, judged(message, replace(RECIPIENT, path=path), facts=facts))
    assert octets.endswith(b"\r\n")
    lines = octets.removesuffix(b"\r\n").split(b"\r\n")
    assert all(line.strip() and len(line) <= 998 and not re.search(rb"[\r\n\0]", line) for line in lines)
    fields = Headers(octets)
    assert tuple(field.name for field in fields) == _NAMES
    assert len(lines) == sum(1 + field.raw.count(b"\r\n") for field in fields)
    results = parse_authentication_results(fields.raw("authentication-results")[0])
    assert [method.method for method in results.methods] == ["iprev", "dkim", "spf", "dmarc", "arc"]
    assert results.authserv_id == "mail.mox.example"
    assert parse_received_spf(fields.raw("received-spf")[0].decode()).status is spf.Status.FAIL
    assert fields.raw("received")[0].count(b";") >= 1


def test_facts_of_others_length_are_cut() -> None:
    facts = tuple(Fact("content", Outlook.BAD, "viagra " * 100_000) for _ in range(1000))
    message = received()
    field = Headers(delivery_prefix(message, judged(message, facts=facts))).raw("x-mox-reason")[0]
    assert len(field) < 30 * 400
    assert judged(message).verdict == VERDICT
