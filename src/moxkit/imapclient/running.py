"""Running commands on a connection: send one, gather what the server says until it is answered."""

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from moxkit.imap import (
    NEED_DATA,
    BadResponse,
    CapabilityCode,
    CapabilityData,
    ClientMachine,
    Command,
    Condition,
    ConditionKind,
    EnabledData,
    Response,
)
from moxkit.imapclient.clientwire import ClientWire
from moxkit.imapclient.errors import ImapError
from moxkit.net import LineConn
from moxkit.wiretrace import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Answer", "Running"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said to one command.

    Attributes:
        condition: The tagged answer, an OK.
        untagged: All responses before it, in order; others' changes may be among them.
    """

    condition: Condition
    untagged: tuple[Response, ...]


class Running:
    """What every family of commands stands on.

    Attributes:
        is_authenticated: Signed in, or greeted with PREAUTH.
        capabilities: As last announced, in upper case; empty if never.
        enabled: What ENABLE switched on, in upper case.
    """

    def __init__(self, conn: LineConn) -> None:
        self._conn = conn
        self._wire = ClientWire(conn)
        self._machine = ClientMachine()
        self.is_authenticated = False
        self.capabilities: frozenset[str] = frozenset()
        self.enabled: frozenset[str] = frozenset()

    async def run(self, command: Command, kind: Kind = Kind.PLAIN) -> Answer:
        """Execute a command.

        Raises:
            ImapError: NO or BAD.
        """
        tag = self._machine.send(command)
        return await self._finish(command.name, tag, kind)

    # The exchange.

    async def _finish(self, name: str, tag: str, kind: Kind = Kind.PLAIN) -> Answer:
        untagged: list[Response] = []
        while True:
            await self._send(kind)
            response = await self._next()
            if isinstance(response, Condition) and response.tag == tag:
                break
            untagged.append(response)
        if response.kind is not ConditionKind.OK:
            raise ImapError(name, response)
        return Answer(response, tuple(untagged))

    async def _send(self, kind: Kind = Kind.PLAIN) -> None:
        octets = self._machine.data_to_send()
        if octets:
            await self._wire.write(octets, kind)

    async def _next(self) -> Response:
        while (event := self._machine.next_event()) is NEED_DATA:
            # A continuation may have let a literal go.
            await self._send(Kind.DATA)
            self._machine.receive_data(await self._wire.read())
        if isinstance(event, BadResponse):
            raise ConnectionError(f"the server does not speak IMAP: {event.text}")
        self._notice(event)
        return event

    def _notice(self, response: Response) -> None:
        """Keep up with what the server announces."""
        names: Sequence[str] | None = None
        match response:
            case CapabilityData(names=announced) | Condition(code=CapabilityCode(names=announced)):
                names = announced
            case EnabledData(names=enabled):
                self.enabled |= {name.upper() for name in enabled}
                self._machine.utf8 = bool(self.enabled & {"IMAP4REV2", "UTF8=ACCEPT"})
            case Condition(kind=ConditionKind.BYE, tag=None):
                logger.debug("server says goodbye", extra={"reason": response.text})
            case _:
                pass
        if names is not None:
            self.capabilities = frozenset(name.upper() for name in names)
            self._machine.literal_plus = "LITERAL+" in self.capabilities
            self._machine.literal_minus = bool(self.capabilities & {"LITERAL-", "IMAP4REV2"})
