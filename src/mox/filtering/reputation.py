"""What an account's earlier mail says of a sender (reference junk-and-reputation.md §2).

From the most exact to the least: the author, the author's domain, who signed and sent, the network. The first
step that finds messages decides, so that a known friend is not judged by the friend's neighbours.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from mox.filtering.evidence import Reputation, Sender
from mox.store import Identity, IdentityKind, Judged

__all__ = ["History", "assess"]

_YEAR = 365
# Of networks of each class: how many messages it takes to be sure.
_SURE_OF_NETWORK = (2, 5, 10)


class History(Protocol):
    """The account's memory, for the mailbox a message is meant for."""

    def judged(self, identity: Identity, days: int, limit: int) -> Sequence[Judged]:
        """Return messages of a sender that were judged in the last days, newest first."""
        ...

    def has_written_to(self, identity: Identity, days: int) -> bool:
        """Say whether the account wrote to an address or domain in the last days."""
        ...


def assess(sender: Sender, history: History) -> Reputation:
    """Return what is known of a sender."""
    steps: list[Callable[[Sender, History], Reputation | None]] = []
    if sender.author:
        steps += [_author, _written_to_author, _domain, _written_to_domain, _organization]
        steps.append(_written_to_organization)
    for step in (*steps, _signers, _networks):
        if (found := step(sender, history)) is not None:
            return found
    return Reputation("none", None, False, "nothing is known of the sender")


# --- the author


def _author(sender: Sender, history: History) -> Reputation | None:
    kind = IdentityKind.FROM_VALIDATED if sender.is_author_validated else IdentityKind.FROM
    name = f"address {sender.author}"
    if found := history.judged(Identity(kind, sender.author), 3 * _YEAR, 2):
        is_junk = _latest_are_junk(found)
        return _said("msgfromfull", is_junk, sender.is_author_validated, f"latest mail from {name}")
    return _pretender("msgfromfull", IdentityKind.FROM_VALIDATED, sender.author, sender, history, 3 * _YEAR)


def _latest_are_junk(found: Sequence[Judged]) -> bool:
    # One that was misjudged among many is forgiven by the one before.
    return found[0].is_junk and (len(found) == 1 or found[1].is_junk)


def _pretender(  # noqa: PLR0917  one question, in all its parts
    method: str, kind: IdentityKind, value: str, sender: Sender, history: History, days: int
) -> Reputation | None:
    """Judge mail that nobody vouches for, from somebody whose mail was always vouched for."""
    if sender.is_author_validated:
        return None
    if not (found := history.judged(Identity(kind, value), days, 2)):
        return None
    text = f"mail from {value} was always authenticated, this is not"
    return Reputation(method, True, _latest_are_junk(found), text)


def _said(method: str, is_junk: bool, is_conclusive: bool, about: str) -> Reputation:
    return Reputation(method, is_junk, is_conclusive, f"{about} is {'' if is_junk else 'not '}junk")


# --- the author's domain, and its organization


def _domain(sender: Sender, history: History) -> Reputation | None:
    kinds = (IdentityKind.FROM_DOMAIN_VALIDATED, IdentityKind.FROM_DOMAIN)
    return _of_domain("msgfromdomain", kinds, sender.author_domain, sender, history)


def _organization(sender: Sender, history: History) -> Reputation | None:
    kinds = (IdentityKind.FROM_ORG_VALIDATED, IdentityKind.FROM_ORG)
    return _of_domain("msgfromorgdomain", kinds, sender.author_org, sender, history)


def _of_domain(
    method: str, kinds: tuple[IdentityKind, IdentityKind], domain: str, sender: Sender, history: History
) -> Reputation | None:
    validated, unvalidated = kinds
    kind = validated if sender.is_author_validated else unvalidated
    if not (found := history.judged(Identity(kind, domain), 2 * _YEAR, 20)):
        return _pretender(method, validated, domain, sender, history, 2 * _YEAR)
    good = sum(not each.is_junk for each in found)
    text = f"{good} of {len(found)} messages from {domain} are not junk"
    if 100 * good // len(found) > 80:
        return Reputation(method, False, True, text)
    if good == 0:
        # One bad sender does not make a bad domain.
        return Reputation(method, True, len({each.sender for each in found}) >= 3, text)
    return Reputation(method, None, False, text)


# --- whom the account wrote to


def _written_to(method: str, identity: Identity, days: int, history: History) -> Reputation | None:
    if not history.has_written_to(identity, days):
        return None
    return Reputation(method, False, True, f"you wrote to {identity.value}")


def _written_to_author(sender: Sender, history: History) -> Reputation | None:
    return _written_to("msgtofull", Identity(IdentityKind.SENT_TO, sender.author), 3 * _YEAR, history)


def _written_to_domain(sender: Sender, history: History) -> Reputation | None:
    identity = Identity(IdentityKind.SENT_TO_DOMAIN, sender.author_domain)
    return _written_to("msgtodomain", identity, 2 * _YEAR, history)


def _written_to_organization(sender: Sender, history: History) -> Reputation | None:
    identity = Identity(IdentityKind.SENT_TO_ORG, sender.author_org)
    return _written_to("msgtoorgdomain", identity, 2 * _YEAR, history)


# --- who signed it, and who sent it


def _signers(sender: Sender, history: History) -> Reputation | None:
    found = [
        (domain, judged)
        for domain in sender.dkim_domains
        if (judged := history.judged(Identity(IdentityKind.DKIM_DOMAIN, domain), _YEAR // 2, 50))
    ]
    found += _senders(sender, history)
    if not found:
        return None
    ratios = [(name, len(judged), _junk_ratio(judged)) for name, judged in found]
    text = ", ".join(f"{name}: {round(100 * ratio)}% of {count} are junk" for name, count, ratio in ratios)
    good = any(ratio < 0.1 for _, _, ratio in ratios)
    bad = any(ratio > 0.9 for _, _, ratio in ratios)
    if good and not bad:
        return Reputation("dkimspf", False, True, text)
    if bad and not good:
        return Reputation("dkimspf", True, sum(count for _, count, _ in ratios) > 1, text)
    return Reputation("dkimspf", None, False, text)


def _senders(sender: Sender, history: History) -> list[tuple[str, Sequence[Judged]]]:
    """Return mail of the exact return path, or else of its domain, or else of the client's name."""
    identities: list[Identity] = []
    if sender.is_mail_from_validated and sender.mail_from:
        identities.append(Identity(IdentityKind.MAIL_FROM, sender.mail_from))
        identities.append(Identity(IdentityKind.MAIL_FROM_DOMAIN, sender.mail_from_domain))
    if sender.is_ehlo_validated:
        identities.append(Identity(IdentityKind.EHLO_DOMAIN, sender.ehlo_domain))
    for identity in identities:
        if judged := history.judged(identity, _YEAR // 2, 50):
            return [(identity.value, judged)]
    return []


def _junk_ratio(found: Sequence[Judged]) -> float:
    return sum(each.is_junk for each in found) / len(found)


# --- the network


def _networks(sender: Sender, history: History) -> Reputation | None:
    for number, network in enumerate(sender.networks, 1):
        if not (found := history.judged(network, _YEAR // 4, 50)):
            continue
        ratio = _junk_ratio(found)
        is_junk = False if ratio < 0.25 else True if ratio > 0.75 else None
        is_sure = len(found) >= _SURE_OF_NETWORK[number - 1] and (ratio <= 0.1 or ratio >= 0.9)
        text = f"{round(100 * ratio)}% of {len(found)} messages from {network.value} are junk"
        return Reputation(f"ip{number}", is_junk, is_sure, text)
    return None
