"""Transports and routes: what is refused, and where."""

from dataclasses import replace

import pytest

from mox.config import (
    AccountConfig,
    DirectTransport,
    DomainConfig,
    FailTransport,
    Route,
    SocksTransport,
    Transport,
    TransportAuth,
    TransportSMTP,
)
from mox.config.checktransports import check_routes, check_transports
from mox.config.testing import make

HOST = TransportSMTP(host="smtp.example")
AUTH = TransportAuth(username="u", password="p")
SOCKS = SocksTransport(address="127.0.0.1:1080", remote_ips=("192.0.2.1",), remote_hostname="far.example")


def found(transport: Transport) -> list[str]:
    static = make(static={"transports": {"way": transport}}).static
    return [".".join(map(str, path[2:])) for path, _ in check_transports(static)]


@pytest.mark.parametrize(
    "transport",
    [
        Transport(),
        Transport(submissions=replace(HOST, auth=AUTH, port=4465)),
        Transport(submission=replace(HOST, starttls_insecure_skip_verify=True)),
        Transport(smtp=replace(HOST, host="192.0.2.1", no_starttls=True)),
        Transport(smtp=replace(HOST, auth=replace(AUTH, mechanisms=("PLAIN", "scram-sha-256")))),
        Transport(socks=SOCKS),
        Transport(socks=replace(SOCKS, address="[::1]:1080")),
        Transport(socks=replace(SOCKS, address="proxy.example:1080")),
        Transport(direct=DirectTransport(disable_ipv4=True)),
        Transport(fail=FailTransport(smtp_code=451, smtp_message="not today")),
    ],
)
def test_what_is_good(transport: Transport) -> None:
    assert found(transport) == []


@pytest.mark.parametrize(
    ("transport", "where"),
    [
        (Transport(smtp=HOST, socks=SOCKS), [""]),
        (Transport(smtp=replace(HOST, host="")), ["SMTP.Host"]),
        (Transport(submission=replace(HOST, host="a b")), ["Submission.Host"]),
        (Transport(smtp=replace(HOST, port=0)), ["SMTP.Port"]),
        (
            Transport(submissions=replace(HOST, starttls_insecure_skip_verify=True, no_starttls=True)),
            ["Submissions.STARTTLSInsecureSkipVerify", "Submissions.NoSTARTTLS"],
        ),
        (
            Transport(smtp=replace(HOST, auth=replace(AUTH, mechanisms=("LOGIN", "PLAIN", "plain")))),
            ["SMTP.Auth.Mechanisms.0", "SMTP.Auth.Mechanisms.2"],
        ),
        (
            Transport(
                socks=SocksTransport(address="127.0.0.1", remote_ips=("x", "::1"), remote_hostname="a b")
            ),
            ["Socks.Address", "Socks.RemoteIPs.0", "Socks.RemoteHostname"],
        ),
        (
            Transport(socks=replace(SOCKS, remote_ips=(), address="h:99999")),
            ["Socks.Address", "Socks.RemoteIPs"],
        ),
        (Transport(direct=DirectTransport(disable_ipv4=True, disable_ipv6=True)), ["Direct"]),
        (Transport(fail=FailTransport(smtp_code=250)), ["Fail.SMTPCode"]),
        (Transport(fail=FailTransport(smtp_message="x" * 257)), ["Fail.SMTPMessage"]),
        (Transport(fail=FailTransport(smtp_message="ü")), ["Fail.SMTPMessage"]),
    ],
)
def test_what_is_refused(transport: Transport, where: list[str]) -> None:
    assert found(transport) == where


def test_routes_lead_somewhere_from_somewhere() -> None:
    good = Route(transport="way", from_domain=(".",), to_domain=(".bücher.example", "a.example"))
    bad = Route(transport="gone", to_domain=("a b", ".."), minimum_attempts=-1)
    made = make(
        domains={"mox.example": DomainConfig(routes=(good, bad))},
        accounts={"mox": AccountConfig(domain="mox.example", destinations={}, routes=(bad,))},
        static={"transports": {"way": Transport()}},
    )
    dynamic = replace(made.dynamic, routes=(bad, good))
    places = [".".join(map(str, path)) for path, _ in check_routes(dynamic, made.static)]
    keys = ("Transport", "MinimumAttempts", "ToDomain.0", "ToDomain.1")
    assert places == [
        f"{where}.{key}"
        for where in ("Routes.0", "Domains.mox.example.Routes.1", "Accounts.mox.Routes.0")
        for key in keys
    ]


def test_a_password_does_not_show() -> None:
    assert "hunter2" not in repr(Transport(smtp=replace(HOST, auth=replace(AUTH, password="hunter2"))))
