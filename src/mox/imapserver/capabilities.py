"""What is announced: exactly what works (RFC 9051 §7.2.2)."""

from functools import lru_cache

from moxkit.sasl import Mechanism

__all__ = ["announceable", "capabilities"]

_ALWAYS = (
    "IMAP4rev2",
    "IMAP4rev1",
    "ENABLE",
    "LITERAL+",
    "IDLE",
    "SASL-IR",
    "BINARY",
    "UNSELECT",
    "UIDPLUS",
    "ESEARCH",
    "SEARCHRES",
    "MOVE",
    "UTF8=ACCEPT",
    "LIST-EXTENDED",
    "LIST-STATUS",
    "CHILDREN",
    "SPECIAL-USE",
    "CREATE-SPECIAL-USE",
    "NAMESPACE",
    "ID",
    "STATUS=SIZE",
    "CONDSTORE",
    "QRESYNC",
    "UIDONLY",
    "REPLACE",
    "METADATA",
    "METADATA-SERVER",
    "LIST-METADATA",
    "NOTIFY",
    "MULTISEARCH",
    "WITHIN",
    "SAVEDATE",
    "PREVIEW",
    "MULTIAPPEND",
    "SORT",
    "SORT=DISPLAY",
    "THREAD=ORDEREDSUBJECT",
    "THREAD=REFERENCES",
    "ESORT",
    "CONTEXT=SEARCH",
    "CONTEXT=SORT",
    "PARTIAL",
    "FILTERS",
    "QUOTA",
    "QUOTA=RES-STORAGE",
    "QUOTA=RES-MESSAGE",
    "QUOTA=RES-MAILBOX",
    "LANGUAGE",
    "OBJECTID",
    "CATENATE",
    "URLAUTH",
    "INPROGRESS",
)

# Useful to those who signed in only.
_AFTER_LOGIN = ("COMPRESS=DEFLATE", "UNAUTHENTICATE")


@lru_cache(maxsize=64)  # A few listeners, before and after login; each new connection is told.
def capabilities(
    *,
    appendlimit_octets: int,
    message_limit: int = 0,
    mechanisms: tuple[Mechanism, ...] = (),
    offers_starttls: bool = False,
    allows_login: bool = True,
    is_authenticated: bool = False,
    hidden: frozenset[str] = frozenset(),
) -> tuple[str, ...]:
    """Return the names for a connection's state.

    Args:
        appendlimit_octets: Largest message (RFC 7889).
        message_limit: How many messages one command works on (RFC 9738); 0: no limit, and none announced.
        mechanisms: SASL mechanisms on offer.
        offers_starttls: TLS can begin.
        allows_login: LOGIN is permitted here.
        is_authenticated: Then nothing about signing in is said.
        hidden: Names to leave out, in upper case.
    """
    names = [*_ALWAYS, f"APPENDLIMIT={appendlimit_octets}"]
    if message_limit:
        names.append(f"MESSAGELIMIT={message_limit}")
    if is_authenticated:
        names += _AFTER_LOGIN
    if not is_authenticated:
        if offers_starttls:
            names.append("STARTTLS")
        if not allows_login:
            names.append("LOGINDISABLED")
        names += [f"AUTH={mechanism}" for mechanism in mechanisms]
    return tuple(name for name in names if name.upper() not in hidden)


def announceable() -> frozenset[str]:
    """Return every name that some connection can see; `rfc/index.toml` has to claim each."""
    # LOGIN is not offered as a mechanism: RFC 9051 has the command.
    mechanisms = tuple(mechanism for mechanism in Mechanism if mechanism is not Mechanism.LOGIN)
    stranger = capabilities(
        appendlimit_octets=1, message_limit=1, mechanisms=mechanisms, offers_starttls=True, allows_login=False
    )
    return frozenset((*stranger, *capabilities(appendlimit_octets=1, is_authenticated=True)))
