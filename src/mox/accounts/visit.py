"""One connection at the sign-in desk: its certificate, its exchanges, what failed and what that costs.

Used by every front door alike, so that all count, delay, record and refuse in the same way.
"""

import logging
from collections.abc import Callable
from typing import assert_never

from mox.accounts.attempts import Attempt, Result
from mox.accounts.credentials import Proof
from mox.accounts.service import Service
from mox.accounts.signin import TLS_CLIENT_AUTH, KeyRefused, SignedIn, SignIn, SignInFailed
from mox.accounts.tlskeys import TlsKey, fingerprint_of
from mox.runtime import Clock
from moxkit.net import TLSInfo
from moxkit.sasl import (
    Challenge,
    CramMd5Verifier,
    Failure,
    FailureKind,
    Mechanism,
    NeedCramMd5Verifier,
    NeedPasswordCheck,
    NeedScramVerifier,
    ScramVerifier,
    ServerExchange,
    Step,
    Success,
    server_exchange,
)

__all__ = ["ServiceDesk", "Visit", "VisitExchange"]

logger = logging.getLogger(__name__)

# From the third failure on a connection is slow, from the fourth each attempt waits longer.
_FAILURES_WITHOUT_DELAY = 3
_BINDINGS = ("tls-exporter", "tls-unique", "tls-server-end-point")
_RESULTS = {
    FailureKind.CREDENTIALS: Result.BAD_CREDENTIALS,
    FailureKind.CHANNEL_BINDING: Result.BAD_CHANNEL_BINDING,
    FailureKind.PROTOCOL: Result.BAD_PROTOCOL,
    FailureKind.AUTHORIZATION: Result.BAD_CREDENTIALS,
}


class Visit:
    """What the desk knows of one connection.

    Attributes:
        key: The client certificate's, once it is recognised: its account is the only one to sign in to.
        failures: Failed attempts since the last success.
    """

    def __init__(
        self,
        *,
        desk: SignIn,
        service: Service,
        clock: Clock,
        remote_ip: str,
        local_ip: str,
        allows_plaintext: bool,
        user_agent: str = "",
    ) -> None:
        self._desk = desk
        self._service = service
        self._clock = clock
        self._remote_ip = remote_ip
        self._local_ip = local_ip
        self._allows_plaintext = allows_plaintext
        self._user_agent = user_agent
        self._tls: TLSInfo | None = None
        self._binding: Callable[[str], bytes | None] = lambda _name: None
        self.key: TlsKey | None = None
        self.failures = 0

    @property
    def has_room(self) -> bool:
        """Whether the client's address may try (again)."""
        return self._desk.attempts.has_room(self._remote_ip)

    @property
    def is_slow(self) -> bool:
        """Whether the client is to be served slowly, because it guesses."""
        return self.failures >= _FAILURES_WITHOUT_DELAY and self._desk.attempts.has_limits

    async def hold(self) -> None:
        """Wait before another attempt, the longer the more have failed."""
        if self.failures > _FAILURES_WITHOUT_DELAY and self._desk.attempts.has_limits:
            await self._clock.sleep(self.failures - _FAILURES_WITHOUT_DELAY)

    def meet(self, tls: TLSInfo | None, channel_binding: Callable[[str], bytes | None]) -> KeyRefused | None:
        """Take note of TLS when it is there; return why the connection cannot go on.

        The handshake has judged the certificate already, except when a session was resumed: then a key that
        was removed since is refused here.
        """
        self._tls, self._binding = tls, channel_binding
        spki_sha256 = None if tls is None else tls.peer_spki_sha256
        if spki_sha256 is None or not self.has_room:
            return None
        recognised = self._desk.recognise(spki_sha256)
        if isinstance(recognised, KeyRefused):
            self._desk.note_refused(
                recognised, self._service, spki_sha256, remote_ip=self._remote_ip, local_ip=self._local_ip
            )
            return recognised
        self.key = recognised
        self.failures = 0
        return None

    def by_certificate(self) -> SignedIn | SignInFailed | None:
        """Sign in by the certificate alone; None without one."""
        key = self.key
        if key is None:
            return None
        admitted = self._desk.admit(key.address)
        self._conclude(admitted, TLS_CLIENT_AUTH)
        return admitted

    def mechanisms(self) -> tuple[Mechanism, ...]:
        """Return what to offer now, strongest first."""
        tls = self._tls
        return self._desk.mechanisms(
            is_tls=tls is not None,
            allows_plaintext=self._allows_plaintext,
            has_binding=tls is not None and any(self._binding(name) is not None for name in _BINDINGS),
            has_certificate=tls is not None and tls.peer_der is not None,
        )

    def begin(self, mechanism: str) -> "VisitExchange | None":
        """Begin an exchange; None for a mechanism that is not offered."""
        offered = self.mechanisms()
        if mechanism.upper() not in offered:
            return None
        exchange = server_exchange(
            mechanism,
            hostname=self._desk.hostname,
            channel_binding=self._binding,
            offers_plus=any(each.is_plus for each in offered),
        )
        return None if exchange is None else VisitExchange(exchange, Mechanism(mechanism.upper()), self)

    async def password(self, username: str, password: str) -> SignedIn | SignInFailed:
        """Sign in with a password that came in the clear (IMAP LOGIN, RFC 9051 §6.2.3)."""
        proof = await self._desk.check_password(username, password, self._service)
        return self.finish(username, proof, "login")

    async def answer(
        self, step: NeedPasswordCheck | NeedScramVerifier | NeedCramMd5Verifier
    ) -> tuple[list[ScramVerifier] | list[CramMd5Verifier] | bool, list[Proof]]:
        """Return what an exchange asks for, and what each of it would prove."""
        credentials, account = self._desk.credentials, self._desk.account_of(step.username)
        match step:
            case NeedPasswordCheck(username, password):
                proof = await self._desk.check_password(username, password, self._service)
                return proof is not None, [] if proof is None else [proof]
            case NeedScramVerifier(username, hash_name):
                scram = credentials.scram_verifiers(account, username, hash_name, self._service)
                return [verifier for verifier, _ in scram], [proof for _, proof in scram]
            case NeedCramMd5Verifier(username):
                cram = credentials.cram_md5_verifiers(account, username, self._service)
                return [verifier for verifier, _ in cram], [proof for _, proof in cram]
            case _:
                assert_never(step)

    def finish(self, username: str, proof: Proof | None, mechanism: str) -> SignedIn | SignInFailed:
        """Turn a proven name into an account; without proof it is a failure."""
        result = SignInFailed.wrong(username) if proof is None else self._desk.admit(username)
        # Whoever shows a certificate may sign in to its account only.
        if isinstance(result, SignedIn) and self.key is not None and self.key.account != result.account:
            text = "the client certificate belongs to another account"
            result = SignInFailed(FailureKind.CREDENTIALS, text, username=username)
        if isinstance(result, SignedIn) and proof is not None and proof.app_password is not None:
            self._desk.credentials.app_passwords.note_use(proof.app_password)
        self._conclude(result, mechanism, proof)
        return result

    def finish_external(self, authzid: str) -> SignedIn | SignInFailed:
        """Sign in by certificate, perhaps as another address of its account (RFC 4422 A)."""
        key = self.key
        if key is None:
            failed = SignInFailed(FailureKind.CREDENTIALS, "no certificate that is known", username=authzid)
            self._conclude(failed, Mechanism.EXTERNAL)
            return failed
        username = authzid or key.address
        if self._desk.account_of(username) is None:
            failed = SignInFailed(FailureKind.AUTHORIZATION, "no such address", username=username)
            self._conclude(failed, Mechanism.EXTERNAL)
            return failed
        return self.finish(username, Proof(), Mechanism.EXTERNAL)

    def fail(self, failure: Failure, mechanism: str) -> SignInFailed:
        """Take an exchange that failed by itself."""
        failed = SignInFailed(failure.kind, failure.text, failure.last_challenge, failure.username)
        self._conclude(failed, mechanism)
        return failed

    def aborted(self, mechanism: str) -> None:
        """Record that a client changed its mind."""
        self._note(mechanism, Result.ABORTED)

    def _conclude(self, result: SignedIn | SignInFailed, mechanism: str, proof: Proof | None = None) -> None:
        extra = {"mechanism": str(mechanism), "peer_ip": self._remote_ip, "tls": self._tls is not None}
        app_password = "" if proof is None or proof.app_password is None else proof.app_password.name
        if isinstance(result, SignedIn):
            self.failures = 0
            logger.info("signed in", extra={**extra, "account": result.account, "login": result.address})
            self._note(mechanism, Result.OK, result.account, result.address, app_password)
            return
        extra |= {"login": result.username, "reason": str(result.kind)}
        logger.info("sign-in failed", extra=extra)
        outcome = Result.LOGIN_DISABLED if result.is_disabled else _RESULTS[result.kind]
        if not result.is_disabled:
            self.failures += 1
        account = self._desk.account_of(result.username) or ""
        self._note(mechanism, outcome, account, result.username, app_password)

    def _note(
        self, mechanism: str, result: Result, account: str = "", address: str = "", app_password: str = ""
    ) -> None:
        tls = self._tls
        spki_sha256 = None if tls is None else tls.peer_spki_sha256
        self._desk.attempts.note(
            Attempt(
                service=self._service,
                mechanism=str(mechanism),
                result=result,
                remote_ip=self._remote_ip,
                local_ip=self._local_ip,
                account=account,
                address=address,
                tls="" if tls is None else f"{tls.version} {tls.cipher}",
                fingerprint="" if spki_sha256 is None else fingerprint_of(spki_sha256),
                app_password=app_password,
                user_agent=self._user_agent,
            )
        )


class VisitExchange:
    """One authentication; answers with what to send, or how it ended."""

    def __init__(self, exchange: ServerExchange, mechanism: Mechanism, visit: Visit) -> None:
        self._exchange = exchange
        self._mechanism = mechanism
        self._visit = visit
        self._proofs: list[Proof] = []

    async def respond(self, octets: bytes | None) -> Challenge | SignedIn | SignInFailed:
        """Take the client's message (decoded from base64); None when there was no initial response."""
        step: Step = self._exchange.respond(octets)
        while not isinstance(step, Challenge | Success | Failure):
            supplied, self._proofs = await self._visit.answer(step)
            step = self._exchange.supply(supplied)
        match step:
            case Challenge():
                return step
            case Success(authzid) if self._mechanism is Mechanism.EXTERNAL:
                return self._visit.finish_external(authzid)
            case Success(username, index):
                return self._visit.finish(username, self._proofs[index], self._mechanism)
            case Failure():
                return self._visit.fail(step, self._mechanism)
            case _:
                assert_never(step)

    def abort(self) -> None:
        """Record that the client gave up."""
        self._visit.aborted(self._mechanism)


class ServiceDesk:
    """The desk as one service's front doors see it."""

    def __init__(self, *, desk: SignIn, service: Service, clock: Clock) -> None:
        self._desk = desk
        self._service = service
        self._clock = clock

    def visit(self, *, remote_ip: str, local_ip: str, allows_plaintext: bool, user_agent: str = "") -> Visit:
        """Receive a connection; `allows_plaintext` takes passwords without TLS."""
        return Visit(
            desk=self._desk,
            service=self._service,
            clock=self._clock,
            remote_ip=remote_ip,
            local_ip=local_ip,
            allows_plaintext=allows_plaintext,
            user_agent=user_agent,
        )

    def judge_client(self, certificate: bytes, address: str) -> bool:
        """Say inside a handshake whether a client with this certificate may go on."""
        return self._desk.judge_client(certificate, address, self._service)
