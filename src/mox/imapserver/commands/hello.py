"""CAPABILITY, NOOP, CHECK, ID, ENABLE, NAMESPACE."""

from mox.imapserver.session import Done, Session
from moxkit.imap import (
    Capability,
    CapabilityData,
    Check,
    ConnectionState,
    Enable,
    EnabledData,
    Id,
    IdData,
    Namespace,
    NamespaceData,
    NamespaceEntry,
    Noop,
)

__all__ = ["capability", "check", "enable", "enable_condstore", "identify", "namespace", "noop"]

_CAN_BE_ENABLED = frozenset(
    {"IMAP4REV2", "UTF8=ACCEPT", "CONDSTORE", "QRESYNC", "METADATA", "METADATA-SERVER", "UIDONLY"}
)


async def capability(session: Session, _tag: str, _command: Capability) -> Done:
    """RFC 9051 §6.1.1."""
    session.write(CapabilityData(session.capabilities()).encode())
    return Done("capabilities listed")


async def noop(_session: Session, _tag: str, _command: Noop) -> Done:
    """RFC 9051 §6.1.2; what is new is told with every answer."""
    return Done("nothing done")


async def check(_session: Session, _tag: str, _command: Check) -> Done:
    """RFC 3501 §6.4.1; there is nothing to be checked, everything is on disk."""
    return Done("checked")


async def identify(session: Session, _tag: str, _command: Id) -> Done:
    """RFC 2971; strangers are not told the version."""
    parameters: list[tuple[str, str | None]] = [("name", "mox")]
    if session.state is not ConnectionState.NOT_AUTHENTICATED:
        parameters.append(("version", session.services.version))
    session.write(IdData(tuple(parameters)).encode())
    return Done("nice to meet you")


async def enable(session: Session, _tag: str, command: Enable) -> Done:
    """RFC 5161; what is not known, or hidden from this account, is passed over."""
    enabled = []
    hidden = session.hidden_capabilities
    for name in command.capabilities:
        upper = name.upper()
        if upper in _CAN_BE_ENABLED - hidden and upper not in session.enabled:
            session.enabled.add(upper)
            enabled.append(name)
            if upper == "QRESYNC" and "CONDSTORE" not in session.enabled:
                # RFC 7162 §3.2.3: as if both had been asked for.
                enabled.append("CONDSTORE")
            if upper in {"CONDSTORE", "QRESYNC"}:
                enable_condstore(session)
    session.write(EnabledData(tuple(enabled)).encode())
    return Done("enabled")


def enable_condstore(session: Session) -> None:
    """Begin to tell modseqs (RFC 7162 §3.1): by ENABLE, or by the first command that needs them."""
    session.enabled.add("CONDSTORE")
    if not session.condstore:
        session.condstore = True
        if session.selected is not None:
            modseq = session.selected.told_modseq
            session.write(f"* OK [HIGHESTMODSEQ {modseq}] conditional store is on\r\n".encode())


async def namespace(session: Session, _tag: str, _command: Namespace) -> Done:
    """RFC 2342: one namespace."""
    session.write(NamespaceData(personal=(NamespaceEntry("", "/"),)).encode(utf8=session.utf8))
    return Done("one namespace")
