"""Transactions with servers that say anything: what counts as delivered was taken, and nothing else."""

import asyncio
import contextlib
from dataclasses import dataclass, field

from hypothesis import given, strategies as st

from moxkit.smtp import MailFrom, Reply, parse_path
from moxkit.smtpclient import NotBegunError, SmtpClient, SmtpError

RECIPIENTS = [parse_path(f"r{number}@mox.example") for number in range(3)]
CONTENT = [b"Subject: x\r\n", b"\r\n..a\r\n.", b"b\r\n"]
STUFFED = b"Subject: x\r\n\r\n...a\r\n..b\r\n.\r\n"
CODES = st.sampled_from([220, 250, 250, 250, 354, 354, 421, 450, 452, 550, 554])


@dataclass
class Script:
    """A server that answers each command with the next code, whatever the command; then it closes.

    Attributes:
        codes: Its answers.
        asked: Commands that came, by verb.
        taken: Contents that ended.
    """

    codes: list[int]
    pipelines: bool
    asked: list[str] = field(default_factory=list)
    answered: list[tuple[str, int]] = field(default_factory=list)
    taken: list[bytes] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            writer.write(b"220 hi\r\n")
            await reader.readline()
            writer.write(b"250-mx\r\n250 PIPELINING\r\n" if self.pipelines else b"250 mx\r\n")
            for code in self.codes:
                line = await reader.readline()
                verb = line[:4].decode().strip()
                self.asked.append(verb)
                self.answered.append((verb, code))
                writer.write(b"%d text\r\n" % code)
                if verb == "DATA" and code == 354:
                    content = b""
                    while not (b"\r\n" + content).endswith(b"\r\n.\r\n"):
                        content += await reader.readexactly(1)
                    self.taken.append(content)
                    # The next code is its answer.
                    break
            rest = self.codes[len(self.answered) :]
            if self.taken and rest:
                self.answered.append(("dot", rest[0]))
                writer.write(b"%d text\r\n" % rest[0])
        writer.close()


async def deliver(script: Script) -> list[Reply] | Exception:
    server = await asyncio.start_server(script.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        async with await SmtpClient.connect("127.0.0.1", port, ehlo="me.example") as client:
            return await client.deliver(MailFrom(None), RECIPIENTS, CONTENT)
    except (SmtpError, ConnectionError) as error:
        return error
    finally:
        server.close()
        await server.wait_closed()
        await asyncio.sleep(0)


@given(st.lists(CODES, max_size=7), st.booleans())
def test_what_counts_as_delivered_was_taken(codes: list[int], pipelines: bool) -> None:
    script = Script(codes, pipelines)
    found = asyncio.run(asyncio.wait_for(deliver(script), 20))
    said = dict(script.answered)
    if isinstance(found, NotBegunError):
        assert script.answered == []
    elif isinstance(found, SmtpError):
        assert (found.command, found.reply.code) == ("MAIL", said["MAIL"])
        assert found.reply.code >= 300
    elif isinstance(found, list):
        assert len(found) == len(RECIPIENTS)
        accepted = [code < 300 for verb, code in script.answered if verb == "RCPT"]
        is_taken = script.taken == [STUFFED] and said.get("dot", 500) < 300
        positive = [reply.code < 300 for reply in found]
        assert positive == ([is_taken and each for each in accepted] if any(positive) else [False] * 3)
    # A message is sent whole, or not at all; nobody's is empty.
    assert script.taken in ([], [STUFFED], [b".\r\n"])
    if script.taken == [b".\r\n"]:
        refused_all = not any(code < 300 for verb, code in script.answered if verb == "RCPT")
        assert refused_all or said["MAIL"] >= 300
