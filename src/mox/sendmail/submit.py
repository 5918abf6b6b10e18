"""The conversation with the submission server."""

import asyncio
import datetime as dt
from collections.abc import Callable, Sequence

from cryptography import x509

from mox.config import SubmitConfig
from mox.sendmail.errors import SendmailError
from mox.sendmail.prepare import Prepared
from moxkit.net import ImplicitTLS, TLSContext, Verdict, client_context, webpki_verdict
from moxkit.sasl import Mechanism, SaslError, choose_mechanism, client_exchange
from moxkit.smtp import Body, MailFrom
from moxkit.smtpclient import SmtpClient, SmtpError

__all__ = ["submit"]

_DIAL_S = 30
_TOTAL_S = 180
# Best first; the last two only where TLS is 1.2.
_BINDINGS = ("tls-exporter", "tls-unique", "tls-server-end-point")


async def submit(
    message: Prepared,
    config: SubmitConfig,
    *,
    certificate: tuple[bytes, bytes] | None,
    roots: Sequence[x509.Certificate],
    now: Callable[[], dt.datetime],
) -> None:
    """Submit a message to all its recipients.

    Args:
        message: What to send.
        config: Where, and how to sign in.
        certificate: Chain and key, PEM; None to use the password.
        roots: Authorities to believe.
        now: The time to judge certificates for.

    Raises:
        SendmailError: The server cannot be reached, or refuses; some recipients may have been accepted.
    """
    context = client_context([certificate] if certificate is not None else [])
    verdict = _verdict(config, roots, now)
    try:
        async with asyncio.timeout(_TOTAL_S):
            await _converse(message, config, context, verdict, has_certificate=certificate is not None)
    except SmtpError as error:
        raise SendmailError(f"{config.host} refuses: {error}") from error
    except SaslError as error:
        hint = ": wrong user name or password" if "invalid-proof" in str(error) else ""
        raise SendmailError(f"signing in to {config.host}: {error}{hint}") from error
    except TimeoutError as error:
        raise SendmailError(f"{config.host} does not answer in time") from error
    except OSError as error:  # ConnectionError and TLSError are among them
        raise SendmailError(f"connection to {config.host}: {error}") from error


def _verdict(
    config: SubmitConfig, roots: Sequence[x509.Certificate], now: Callable[[], dt.datetime]
) -> Verdict | None:
    if config.tls_insecure_skip_verify or not (config.tls or config.starttls):
        return None
    if not roots:
        raise SendmailError("this machine has no certificates of authorities; name some with CAFile")
    return webpki_verdict(config.host, roots, now=now)


async def _converse(
    message: Prepared,
    config: SubmitConfig,
    context: TLSContext,
    verdict: Verdict | None,
    *,
    has_certificate: bool,
) -> None:
    implicit = ImplicitTLS(context, config.host, verdict) if config.tls else None
    client = await SmtpClient.connect(
        config.host, config.port, ehlo=config.local_hostname, timeout_s=_DIAL_S, tls=implicit
    )
    async with client:
        if config.starttls:
            await client.start_tls(context, hostname=config.host, verdict=verdict)
        await _sign_in(client, config, has_certificate=has_certificate)
        if message.requires_tls and "REQUIRETLS" not in client.extensions:
            raise SendmailError(f"{config.host} does not offer REQUIRETLS")
        is_8bit = not message.content.isascii()
        if is_8bit and "8BITMIME" not in client.extensions:
            raise SendmailError(f"{config.host} does not take 8-bit text")
        mail_from = MailFrom(
            message.sender,
            body=Body.EIGHT_BIT_MIME if is_8bit else None,
            requires_tls=message.requires_tls,
        )
        replies = await client.deliver(mail_from, message.recipients, [message.content])
    refused = [
        f"{path}: {reply.code} {reply.enhanced} {reply.text}"
        for path, reply in zip(message.recipients, replies, strict=True)
        if not reply.is_positive
    ]
    if refused:
        raise SendmailError("; ".join(refused))


async def _sign_in(client: SmtpClient, config: SubmitConfig, *, has_certificate: bool) -> None:
    bindings = {name: data for name in _BINDINGS if (data := client.channel_binding(name)) is not None}
    offered = client.extensions.mechanisms
    if config.auth_method:
        mechanism: Mechanism | None = Mechanism(config.auth_method)
    else:
        mechanism = choose_mechanism(
            offered, has_certificate=has_certificate, bindings=bindings, allows_plaintext=client.is_tls
        )
    if mechanism is None or mechanism not in offered:
        raise SendmailError(
            f"{config.host} offers {', '.join(offered) or 'no way to sign in'}; none is possible"
        )
    if has_certificate and mechanism is not Mechanism.EXTERNAL:
        raise SendmailError(f"{mechanism} needs a password; with a client certificate use EXTERNAL")
    # Told without -PLUS, a binding means that the server offered none (RFC 5802 §6).
    tells_binding = mechanism.is_plus or not any(name.endswith("-PLUS") for name in offered)
    binding = next(iter(bindings.items()), None) if tells_binding else None
    exchange = client_exchange(
        mechanism,
        username=config.username,
        password=config.password,
        authzid=config.username if mechanism is Mechanism.EXTERNAL else "",
        binding=binding if mechanism.is_scram else None,
    )
    await client.authenticate(mechanism, exchange)
