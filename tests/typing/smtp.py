"""`moxkit.smtp` as an outsider uses it; checked by mypy, not run."""

from moxkit.smtp import (
    NEED_DATA,
    AddressError,
    BadCommand,
    Bdat,
    Body,
    ChunkEnd,
    CommandError,
    Data,
    DataChunk,
    DataEnd,
    Dialect,
    Event,
    Extensions,
    MailFrom,
    NeedData,
    Notify,
    Path,
    RcptTo,
    RecipientAddress,
    Reply,
    Ret,
    ServerMachine,
    format_orcpt,
    parse_mail_from,
    parse_orcpt,
    parse_path,
    parse_rcpt_to,
    read_extensions,
)


def envelope(sender: str, recipient: str) -> list[bytes]:
    """Write the commands of a message whose sender wants to hear of it."""
    path: Path = parse_path(recipient)
    orcpt: RecipientAddress = parse_orcpt(f"rfc822;{recipient}")
    wishes: frozenset[Notify] = frozenset({Notify.SUCCESS, Notify.FAILURE})
    mail = MailFrom(parse_path(sender), Body.EIGHT_BIT_MIME, ret=Ret.HDRS, envid="1")
    return [bytes(mail), bytes(RcptTo(path, wishes, orcpt)), format_orcpt(orcpt).encode()]


def read(line: bytes) -> str:
    """Read one command of an envelope."""
    try:
        mail: MailFrom = parse_mail_from(line, allows_dsn=True, allows_binary=False)
        rcpt: RcptTo = parse_rcpt_to(line, allows_dsn=True)
    except CommandError as error:
        return f"{error.code} {error.enhanced} {error.text}"
    except AddressError as error:
        return str(error)
    ret: Ret | None = mail.ret
    return f"{ret} {mail.envid} {sorted(rcpt.notify)} {rcpt.orcpt}"


def serve(octets: bytes) -> bytes:
    """Take what a client sends, and keep its content."""
    machine = ServerMachine(Dialect(allows_dsn=True, allows_binary=True), max_size=1 << 20)
    machine.receive_data(octets)
    content = b""
    while not isinstance(event := machine.next_event(), NeedData):
        content += _answer(machine, event)
    assert event is NEED_DATA
    return content


def _answer(machine: ServerMachine, event: Event) -> bytes:
    match event:
        case DataChunk(piece):
            return piece
        case Bdat(size, is_last):
            announced: tuple[int, bool] = (size, is_last)
            return b"" * announced[0]
        case Data():
            machine.reply(Reply(354, "", "go ahead"))
        case BadCommand(code, enhanced, text):
            machine.reply(Reply(code, enhanced, text))
        case ChunkEnd(size, too_large) | DataEnd(size, too_large):
            machine.reply(Reply(552 if too_large else 250, "", str(size)))
        case _:
            machine.reply(Reply(250, "2.0.0", "ok"))
    return b""


def offers(text: str) -> bool:
    """Say whether a server takes wishes for notifications."""
    found: Extensions = read_extensions(text)
    return "DSN" in found
