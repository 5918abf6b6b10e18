"""SASL exchanges (RFC 4422) of both sides, without I/O: octets in, octets or a result out.

PLAIN (RFC 4616), LOGIN (draft-murchison-sasl-login), CRAM-MD5 (RFC 2195), SCRAM-SHA-1 and -SHA-256 with and
without -PLUS (RFC 5802, 7677; channel bindings of RFC 5929 and 9266), EXTERNAL (RFC 4422 appendix A).

It knows no accounts and no base64: the protocol around it carries the octets, the caller supplies what is
stored of a user's secret when the exchange asks for it, and prepares names and passwords (RFC 8265).

    exchange = server_exchange("SCRAM-SHA-256", hostname="mx.example")
    step = exchange.respond(initial_response)             # bytes, or None if the client sent none
    while True:
        match step:
            case Challenge(octets): step = exchange.respond(await ask(octets))
            case NeedScramVerifier(username): step = exchange.supply(verifier_of(username))
            case Success(username) | Failure(): break

A wrong password is a `Failure` value; `SaslError` is raised by clients only, when the server misbehaves.
"""

from moxkit.sasl.client import ClientExchange, SaslError, choose_mechanism, client_exchange
from moxkit.sasl.credentials import (
    CramMd5Verifier,
    ScramVerifier,
    derive_cram_md5,
    derive_scram,
    fake_cram_md5,
    fake_scram,
)
from moxkit.sasl.mechanisms import STRONGEST_FIRST, Mechanism
from moxkit.sasl.server import ServerExchange, server_exchange
from moxkit.sasl.steps import (
    Challenge,
    Failure,
    FailureKind,
    NeedCramMd5Verifier,
    NeedPasswordCheck,
    NeedScramVerifier,
    Step,
    Success,
    Supplied,
)

__all__ = [
    "STRONGEST_FIRST",
    "Challenge",
    "ClientExchange",
    "CramMd5Verifier",
    "Failure",
    "FailureKind",
    "Mechanism",
    "NeedCramMd5Verifier",
    "NeedPasswordCheck",
    "NeedScramVerifier",
    "SaslError",
    "ScramVerifier",
    "ServerExchange",
    "Step",
    "Success",
    "Supplied",
    "choose_mechanism",
    "client_exchange",
    "derive_cram_md5",
    "derive_scram",
    "fake_cram_md5",
    "fake_scram",
    "server_exchange",
]
