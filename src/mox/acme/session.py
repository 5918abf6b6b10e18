"""A session with a provider: one order after the other. It waits; it runs in a thread."""

import logging
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any, cast

from acme import challenges, errors, messages
from acme.client import ClientNetwork, ClientV2
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from josepy.errors import Error as JoseError
from josepy.jwk import JWK

import mox
from mox.acme.registration import account_key, registered
from mox.certificates import Challenges, PrivateKey
from mox.config import ACME

__all__ = ["AcmeError", "Session"]

logger = logging.getLogger(__name__)
# It logs whole requests.
logging.getLogger("acme.client").setLevel(logging.INFO)

_REQUEST_TIMEOUT_S = 20
_LOOK_TIMEOUT_S = 90.0
_ISSUE_TIMEOUT_S = 90.0
_POLL_EVERY_S = 1.0
# The package has asked twice before each.
_MOST_FORGOTTEN = 3
_SHORT = timedelta(seconds=2)
_MOST_CHAIN_OCTETS = 256 << 10


class AcmeError(Exception):
    """No certificate; the text says why, as the provider does.

    Attributes:
        retry_after: How long the provider wants not to be asked.
    """

    def __init__(self, text: str, retry_after: timedelta | None = None) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class _TLSALPN01Response(challenges.KeyAuthorizationChallengeResponse):
    typ = "tls-alpn-01"


class _TLSALPN01(challenges.KeyAuthorizationChallenge):
    """RFC 8737; `acme` has dropped it."""

    response_cls = _TLSALPN01Response
    typ = _TLSALPN01Response.typ

    def validation(self, account_key: JWK, **_: Any) -> str:
        return self.key_authorization(account_key)


challenges.ChallengeResponse.register(_TLSALPN01Response)
challenges.Challenge.register(_TLSALPN01)


class Session:
    """What is said to one provider."""

    def __init__(
        self,
        name: str,
        provider: ACME,
        *,
        data_dir: Path,
        directory: Path,
        challenges: Challenges,
        trust: Path | None,
    ) -> None:
        """Remember what there is; nothing is asked yet.

        Args:
            name: Of the provider, in the configuration.
            provider: Its settings.
            data_dir: Where the key of the account is kept.
            directory: What names of files are relative to.
            challenges: Answers while the provider looks.
            trust: PEM file with the authorities of the provider's own site; by default the usual ones.
        """
        self._name = name
        self._provider = provider
        self._data_dir = data_dir
        self._directory = directory
        self._challenges = challenges
        self._trust = trust
        self._stopping = Event()
        self._client: ClientV2 | None = None
        self._key: JWK | None = None
        self._retry_after: timedelta | None = None

    def order(self, host: str, key: PrivateKey, ways: Sequence[str]) -> bytes:
        """Have a certificate issued; return its chain, PEM.

        Args:
            host: Its only name, ASCII.
            key: Of the certificate.
            ways: Kinds of challenges that can be met, best first; each is tried.

        Raises:
            AcmeError: It was not issued, or the server ends.
        """
        failed: AcmeError | None = None
        for way in ways:
            try:
                return self._order_again(host, key, way)
            except _WayError as error:
                failed = error
                logger.warning(
                    "acme provider did not find us", extra={"host": host, "way": way, "reason": str(error)}
                )
        raise failed or AcmeError("no port on which the provider could look")

    def _order_again(self, host: str, key: PrivateKey, way: str) -> bytes:
        """Order once more when the provider has forgotten a nonce, as it may at any time (RFC 8555 §6.5)."""
        for _ in range(_MOST_FORGOTTEN):
            with suppress(_NonceError):
                return self._order(host, key, way)
        return self._order(host, key, way)

    def stop(self) -> None:
        """End soon what waits; it raises `AcmeError`."""
        self._stopping.set()

    def _order(self, host: str, key: PrivateKey, way: str) -> bytes:
        self._retry_after = None
        try:
            client = self._connected()
            order = client.new_order(_request(host, key))
            with ExitStack() as answers:
                for authorization in order.authorizations:
                    if authorization.body.status != messages.STATUS_VALID:
                        self._meet(client, host, authorization, way, answers)
                self._wait_for_looks(client, order, way)
            return self._finish(client, order)
        except messages.Error as error:
            kind = _NonceError if error.code == "badNonce" else AcmeError
            raise kind(_text(error), self._retry_after) from error
        except (errors.Error, JoseError, OSError, ValueError, LookupError) as error:
            # Requests' errors are OSErrors.
            raise AcmeError(f"{type(error).__name__}: {error}", self._retry_after) from error

    def _connected(self) -> ClientV2:
        if self._client is not None:
            return self._client
        key, algorithm = account_key(self._data_dir, self._name)
        network = ClientNetwork(
            key,
            alg=algorithm,
            # Requests takes the name of a file, too.
            verify_ssl=cast("bool", True if self._trust is None else str(self._trust)),
            user_agent=f"mox/{mox.__version__}",
            timeout=_REQUEST_TIMEOUT_S,
        )
        network.session.hooks["response"].append(self._note_retry_after)
        client = ClientV2(ClientV2.get_directory(self._provider.directory_url, network), network)
        network.account = registered(
            client, self._name, self._provider, key, data_dir=self._data_dir, directory=self._directory
        )
        self._key, self._client = key, client
        return client

    def _note_retry_after(self, response: Any, *_: Any, **__: Any) -> None:
        if response.status_code >= 400 and "Retry-After" in response.headers:
            self._retry_after = max(timedelta(0), ClientV2.retry_after(response, 0) - _local_now())

    def _meet(
        self,
        client: ClientV2,
        host: str,
        authorization: messages.AuthorizationResource,
        way: str,
        answers: ExitStack,
    ) -> None:
        """Put the answer to a challenge in place, and say so."""
        key = self._key
        for offered in authorization.body.challenges:
            if key is not None and offered.typ == way:
                response = offered.chall.response(key)
                authorized = response.key_authorization
                if way == _TLSALPN01.typ:
                    answers.enter_context(self._challenges.answer_tls(host, authorized))
                else:
                    token = offered.chall.encode("token")
                    answers.enter_context(self._challenges.answer_http(token, authorized))
                client.answer_challenge(offered, response)
                return
        raise _WayError(f"the provider does not offer {way}")

    def _wait_for_looks(self, client: ClientV2, order: messages.OrderResource, way: str) -> None:
        until = time.monotonic() + _LOOK_TIMEOUT_S
        for authorization in order.authorizations:
            current = authorization
            while current.body.status == messages.STATUS_PENDING:
                self._pause(until, "the provider has not looked in time")
                current, _ = client.poll(authorization)
            if current.body.status != messages.STATUS_VALID:
                told = [_text(each.error) for each in current.body.challenges if each.error is not None]
                raise _WayError(f"{way}: {'; '.join(told) or current.body.status.name}", self._retry_after)

    def _finish(self, client: ClientV2, order: messages.OrderResource) -> bytes:
        """Send the request for the certificate, and fetch it (RFC 8555 §7.4)."""
        until = time.monotonic() + _ISSUE_TIMEOUT_S
        order = client.begin_finalization(order)
        while True:
            try:
                # In short steps, so that a shutdown does not wait long; it pauses before each question.
                order = client.poll_finalization(order, _local_now() + _SHORT)
            except errors.TimeoutError:
                self._pause(until, "the provider has not issued in time")
                continue
            chain: str = order.fullchain_pem
            if len(chain) > _MOST_CHAIN_OCTETS:
                raise AcmeError("the provider sent an absurdly long chain")
            return chain.encode("ascii")

    def _pause(self, until: float, late: str) -> None:
        if self._stopping.wait(_POLL_EVERY_S):
            raise AcmeError("the server ends")
        if time.monotonic() > until:
            raise AcmeError(late)


class _WayError(AcmeError):
    """This kind of challenge was not met; another one may be."""


class _NonceError(AcmeError):
    """The provider does not know a nonce any more."""


def _request(host: str, key: PrivateKey) -> bytes:
    """Return the request for a certificate, PEM (RFC 8555 §7.4)."""
    request = x509.CertificateSigningRequestBuilder(x509.Name([])).add_extension(
        x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False
    )
    return request.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


def _local_now() -> datetime:
    """Return the time as the package has it in its deadlines."""
    return datetime.now()  # noqa: DTZ005, TID251  see above


def _text(error: messages.Error) -> str:
    text = " ".join(str(part) for part in (error.code, error.detail) if part)
    below = "; ".join(_text(each) for each in error.subproblems or ())
    return f"{text} ({below})" if below else text
