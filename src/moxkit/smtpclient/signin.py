"""Signing in to a server that relays for us: which mechanism, how it is bound to TLS (RFC 4954, RFC 5802)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from moxkit.sasl import Mechanism, client_exchange
from moxkit.smtpclient.client import SmtpClient

__all__ = ["Credentials", "NoMechanismError", "sign_in"]

# Best first; tls-unique only where TLS is 1.2 (RFC 9266 §3).
_BINDINGS = ("tls-exporter", "tls-unique", "tls-server-end-point")
_NEVER_BY_ITSELF = frozenset({Mechanism.EXTERNAL, Mechanism.PLAIN, Mechanism.LOGIN})


class NoMechanismError(Exception):
    """The server offers none of the mechanisms that may be used; the text says what it offers."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who signs in, and how.

    Attributes:
        username: Prepared (RFC 8265).
        password: Prepared.
        mechanisms: Those that may be used, best first. By default all that do not show the password to the
            server.
    """

    username: str
    password: str = field(repr=False)
    mechanisms: tuple[Mechanism, ...] = tuple(each for each in Mechanism if each not in _NEVER_BY_ITSELF)


async def sign_in(client: SmtpClient, credentials: Credentials) -> Mechanism:
    """Sign in with the first mechanism that both sides can do; return it.

    Raises:
        NoMechanismError: There is none.
        SmtpError: The server does not believe us.
        moxkit.sasl.SaslError: The server misbehaves, or does not know the password itself.
        ConnectionError, TimeoutError: The connection broke.
    """
    offered = client.extensions.mechanisms
    bindings = {name: data for name in _BINDINGS if (data := client.channel_binding(name)) is not None}
    mechanism = _choose(credentials.mechanisms, offered, bindings)
    if mechanism is None:
        raise NoMechanismError(f"the server offers {', '.join(offered) or 'no way to sign in'}")
    exchange = client_exchange(
        mechanism,
        username=credentials.username,
        password=credentials.password,
        binding=_binding(mechanism, credentials.mechanisms, offered, bindings),
    )
    await client.authenticate(mechanism, exchange)
    return mechanism


def _choose(
    allowed: Iterable[Mechanism], offered: Iterable[str], bindings: Mapping[str, bytes]
) -> Mechanism | None:
    names = {name.upper() for name in offered}
    return next((each for each in allowed if each in names and (bindings or not each.is_plus)), None)


def _binding(
    mechanism: Mechanism,
    allowed: Iterable[Mechanism],
    offered: Iterable[str],
    bindings: Mapping[str, bytes],
) -> tuple[str, bytes] | None:
    """Return what an exchange is told of the channel binding.

    Without -PLUS a binding means that the server offered none, so that it notices if somebody in between has
    taken its offer away (RFC 5802 §6, the ``y`` flag). That may be said only if it is so.
    """
    binding = next(iter(bindings.items()), None)
    if mechanism.is_plus:
        return binding
    can_bind = any(each.is_plus for each in allowed) and not any(each.endswith("-PLUS") for each in offered)
    return binding if mechanism.is_scram and can_bind else None
