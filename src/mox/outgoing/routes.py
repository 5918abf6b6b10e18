"""Which transport takes a message: people's choice, then routes, then direct delivery. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mox.config import ConfigSnapshot, Route, Transport
from mox.queue import QueuedMessage, Retry
from moxkit.domain import DomainError, parse_domain

__all__ = ["Chosen", "choose_transport"]

_ANY = "."


@dataclass(frozen=True, slots=True)
class Chosen:
    """A way out.

    Attributes:
        name: Of the transport; empty for direct delivery.
        transport: What the configuration says of it.
    """

    name: str
    transport: Transport


def choose_transport(config: ConfigSnapshot, message: QueuedMessage, *, attempts: int) -> Chosen | Retry:
    """Say how a message leaves.

    Args:
        config: The configuration of now.
        message: What is to be sent.
        attempts: Made so far; some routes are for what did not get through otherwise.

    Returns:
        The transport, or why there is none for now; whoever repairs the configuration gets the mail moving.
    """
    sender = _canonical(message.reverse_path.rpartition("@")[2])
    settings = config.domains.get(sender)
    if settings is not None and settings.disabled:
        return Retry(None, "4.3.2", f"sender domain {sender} is disabled for now")
    name = message.transport
    if not name:
        account = config.accounts.get(message.account)
        routes = (
            *(account.routes if account is not None else ()),
            *(settings.routes if settings is not None else ()),
            *config.dynamic.routes,
        )
        name = _first_match(routes, sender, _canonical(message.domain), attempts)
    if not name:
        return Chosen("", Transport())
    transport = config.static.transports.get(name)
    if transport is None:
        return Retry(None, "4.3.5", f"transport {name!r} is not configured")
    return Chosen(name, transport)


def _first_match(routes: Iterable[Route], sender: str, recipient: str, attempts: int) -> str:
    for route in routes:
        if (
            attempts >= route.minimum_attempts
            and _matches(route.from_domain, sender)
            and _matches(route.to_domain, recipient)
        ):
            return route.transport
    return ""


def _matches(patterns: Sequence[str], domain: str) -> bool:
    """Say whether a domain is one of these; without any, all are.

    A leading dot stands for the domain and all below it, a dot alone for every domain.
    """
    return not patterns or any(_matches_one(pattern, domain) for pattern in patterns)


def _matches_one(pattern: str, domain: str) -> bool:
    if pattern == _ANY:
        return True
    name = _canonical(pattern.removeprefix("."))
    return domain == name or (pattern.startswith(".") and domain.endswith(f".{name}"))


def _canonical(name: str) -> str:
    """Return the ASCII form; what is no domain, such as an address literal, only equals itself."""
    try:
        return parse_domain(name, allow_underscore=True).ascii
    except DomainError:
        return name.lower()
