"""The server's side of SCRAM (RFC 5802 §5), with channel binding."""

import hashlib
import hmac
import secrets
from collections.abc import Callable

from moxkit.sasl.credentials import ScramVerifier
from moxkit.sasl.mechanisms import Mechanism
from moxkit.sasl.scramtext import ScramSyntaxError, attributes, decode_base64, decode_name, encode_base64
from moxkit.sasl.steps import (
    Challenge,
    Failure,
    FailureKind,
    NeedScramVerifier,
    Step,
    Success,
    Supplied,
    verifiers_of,
)

__all__ = ["ScramServer"]

# Printable ASCII but the comma (RFC 5802 §7).
_NONCE_CHARACTERS = frozenset(chr(c) for c in range(0x21, 0x7F)) - {","}


class ScramServer:
    """One exchange: first message, verifier, final message, the client's empty answer."""

    def __init__(
        self,
        mechanism: Mechanism,
        *,
        channel_binding: Callable[[str], bytes | None],
        offers_plus: bool,
        nonce: Callable[[], str],
    ) -> None:
        self._mechanism = mechanism
        self._channel_binding = channel_binding
        self._offers_plus = offers_plus
        self._nonce = nonce
        self._username = ""
        self._gs2_header = ""
        self._binding = b""
        self._client_first_bare = ""
        self._server_first = ""
        self._full_nonce = ""
        self._verifiers: tuple[ScramVerifier, ...] = ()
        self._proven: int | None = None

    def respond(self, octets: bytes | None) -> Step:
        """Take the client's next message."""
        if octets is None:
            return Challenge(b"")
        if self._proven is not None:
            if octets:
                return self._fail(FailureKind.PROTOCOL, "expected an empty last message", None)
            return Success(self._username, self._proven)
        try:
            text = octets.decode()
            return self._take_final(text) if self._verifiers else self._take_first(text)
        except (ScramSyntaxError, UnicodeDecodeError):
            return self._fail(FailureKind.PROTOCOL, "malformed SCRAM message", b"e=invalid-encoding")

    def supply(self, answer: Supplied) -> Step:
        """Take the verifier that was asked for, or several with one salt."""
        verifiers = verifiers_of(answer, ScramVerifier)
        if len({(each.salt, each.iterations) for each in verifiers}) != 1:
            raise TypeError("verifiers with one salt were asked for")
        self._verifiers = verifiers
        first = verifiers[0]
        self._server_first = f"r={self._full_nonce},s={encode_base64(first.salt)},i={first.iterations}"
        return Challenge(self._server_first.encode())

    def _fail(self, kind: FailureKind, text: str, last: bytes | None) -> Failure:
        return Failure(kind, text, last, self._username)

    def _take_first(self, text: str) -> Step:
        flag, comma, rest = text.partition(",")
        authzid, comma2, bare = rest.partition(",")
        if not comma or not comma2:
            raise ScramSyntaxError("expected a GS2 header")
        if (failure := self._check_flag(flag)) is not None:
            return failure
        self._gs2_header = f"{flag},{authzid},"
        self._client_first_bare = bare
        pairs = attributes(bare)
        if pairs[0][0] == "m":
            return self._fail(FailureKind.PROTOCOL, "unknown extension", b"e=extensions-not-supported")
        if [name for name, _ in pairs[:2]] != ["n", "r"]:
            raise ScramSyntaxError("expected n= and r=")
        self._username = decode_name(pairs[0][1])
        nonce = pairs[1][1]
        if not nonce or not _NONCE_CHARACTERS.issuperset(nonce):
            raise ScramSyntaxError("bad nonce")
        if authzid and (not authzid.startswith("a=") or decode_name(authzid[2:]) != self._username):
            return self._fail(FailureKind.AUTHORIZATION, "cannot act for another user", b"e=other-error")
        self._full_nonce = nonce + self._nonce()
        return NeedScramVerifier(self._username, self._mechanism.hash_name)

    def _check_flag(self, flag: str) -> Failure | None:
        """Check the channel binding flag (RFC 5802 §6)."""
        if flag.startswith("p="):
            if not self._mechanism.is_plus:
                return self._fail(
                    FailureKind.PROTOCOL, "channel binding without -PLUS", b"e=channel-binding-not-supported"
                )
            binding = self._channel_binding(flag[2:])
            if binding is None:
                return self._fail(
                    FailureKind.CHANNEL_BINDING,
                    "no such channel binding",
                    b"e=unsupported-channel-binding-type",
                )
            self._binding = binding
            return None
        if flag not in {"n", "y"}:
            raise ScramSyntaxError("bad channel binding flag")
        if self._mechanism.is_plus:
            return self._fail(FailureKind.PROTOCOL, "-PLUS needs channel binding", b"e=other-error")
        if flag == "y" and self._offers_plus:
            # The client thinks we offer no -PLUS: somebody between us removed it.
            return self._fail(
                FailureKind.CHANNEL_BINDING,
                "downgrade: client did not see -PLUS",
                b"e=server-does-support-channel-binding",
            )
        return None

    def _take_final(self, text: str) -> Step:
        without_proof, found, proof_text = text.rpartition(",p=")
        pairs = attributes(without_proof)
        if not found or len(pairs) < 2 or pairs[0][0] != "c" or pairs[1][0] != "r":
            raise ScramSyntaxError("expected c=, r= and p=")
        proof = decode_base64(proof_text)
        if len(proof) != len(self._verifiers[0].stored_key):
            raise ScramSyntaxError("proof has the wrong size")
        if not hmac.compare_digest(decode_base64(pairs[0][1]), self._gs2_header.encode() + self._binding):
            return self._fail(
                FailureKind.CHANNEL_BINDING, "channel bindings differ", b"e=channel-bindings-dont-match"
            )
        if not hmac.compare_digest(pairs[1][1].encode(), self._full_nonce.encode()):
            return self._fail(FailureKind.PROTOCOL, "nonce differs", b"e=other-error")
        auth_message = f"{self._client_first_bare},{self._server_first},{without_proof}".encode()
        for index, verifier in enumerate(self._verifiers):
            if _is_proof(proof, verifier, auth_message):
                self._proven = index
                server_signature = hmac.digest(verifier.server_key, auth_message, verifier.hash_name)
                return Challenge(b"v=" + encode_base64(server_signature).encode())
        return self._fail(FailureKind.CREDENTIALS, "wrong password or unknown user", b"e=invalid-proof")


def _is_proof(proof: bytes, verifier: ScramVerifier, auth_message: bytes) -> bool:
    """Check the client's proof (RFC 5802 §3)."""
    signature = hmac.digest(verifier.stored_key, auth_message, verifier.hash_name)
    client_key = bytes(a ^ b for a, b in zip(proof, signature, strict=True))
    return hmac.compare_digest(hashlib.new(verifier.hash_name, client_key).digest(), verifier.stored_key)


def random_nonce() -> str:
    """Return what a nonce should be made of."""
    return secrets.token_urlsafe(18)
