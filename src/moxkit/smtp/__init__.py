r"""SMTP without I/O: addresses, commands, replies, framing of content, and the machines of both sides.

RFC 5321, with 1870 (SIZE), 2034 (ENHANCEDSTATUSCODES), 2920 (PIPELINING), 3030 (CHUNKING, BINARYMIME; what is
received), 3207 (STARTTLS), 3461 and 6533 (DSN), 4865 (FUTURERELEASE), 4954 (AUTH), 6152 (8BITMIME), 6531
(SMTPUTF8), 8689 (REQUIRETLS), 9422 (LIMITS).
It opens no socket, knows no accounts and decides nothing about mail.

    machine = ServerMachine(Dialect(), max_size=10 << 20)
    machine.reply(Reply(220, "", "mx.example ESMTP"))
    machine.receive_data(b"EHLO client.example\r\n")
    match machine.next_event():
        case Ehlo(hello): machine.reply(Reply(250, "", "mx.example\nPIPELINING"))
    conn.write(machine.data_to_send())

Parsers raise `CommandError`, which is also the reply; machines give the same as an event.
"""

from moxkit.smtp.clientmachine import ClientMachine, ReplySyntaxError
from moxkit.smtp.commands import Dialect
from moxkit.smtp.data import ContentReader, stuff_dots
from moxkit.smtp.ehlo import Extensions, Hello, parse_hello, read_extensions
from moxkit.smtp.errors import CommandError
from moxkit.smtp.events import (
    NEED_DATA,
    Auth,
    AuthResponse,
    BadCommand,
    Bdat,
    ChunkEnd,
    Data,
    DataChunk,
    DataEnd,
    Ehlo,
    Event,
    Expn,
    Helo,
    Help,
    NeedData,
    Noop,
    Quit,
    Rset,
    StartTls,
    Vrfy,
)
from moxkit.smtp.mailfrom import Body, MailFrom, Ret, parse_mail_from
from moxkit.smtp.path import AddressLiteral, Path, parse_path
from moxkit.smtp.rcptto import Notify, RcptTo, parse_rcpt_to
from moxkit.smtp.recipientaddress import (
    AddressError,
    RecipientAddress,
    decode_unitext,
    decode_xtext,
    encode_unitext,
    encode_xtext,
    format_orcpt,
    parse_orcpt,
)
from moxkit.smtp.reply import Reply
from moxkit.smtp.servermachine import ServerMachine

__all__ = [
    "NEED_DATA",
    "AddressError",
    "AddressLiteral",
    "Auth",
    "AuthResponse",
    "BadCommand",
    "Bdat",
    "Body",
    "ChunkEnd",
    "ClientMachine",
    "CommandError",
    "ContentReader",
    "Data",
    "DataChunk",
    "DataEnd",
    "Dialect",
    "Ehlo",
    "Event",
    "Expn",
    "Extensions",
    "Hello",
    "Helo",
    "Help",
    "MailFrom",
    "NeedData",
    "Noop",
    "Notify",
    "Path",
    "Quit",
    "RcptTo",
    "RecipientAddress",
    "Reply",
    "ReplySyntaxError",
    "Ret",
    "Rset",
    "ServerMachine",
    "StartTls",
    "Vrfy",
    "decode_unitext",
    "decode_xtext",
    "encode_unitext",
    "encode_xtext",
    "format_orcpt",
    "parse_hello",
    "parse_mail_from",
    "parse_orcpt",
    "parse_path",
    "parse_rcpt_to",
    "read_extensions",
    "stuff_dots",
]
