"""`mox quickstart`: from an address to a server that can be started, and all that is to be done for that."""

import socket
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mox.cli.context import print_json
from mox.cli.resolving import resolver_options, run_lookup
from moxkit.dns import Resolver
from moxkit.domain import Domain, DomainError, parse_domain
from moxkit.smtp import CommandError, Path as MailPath, parse_path

if TYPE_CHECKING:
    from mox.admin import FirstWishes, Installed, Surroundings
    from mox.config import KeyCert

__all__ = ["quickstart"]

_LOG_NAME = "quickstart.log"
_MARKS = {"ok": "OK     ", "note": "NOTE   ", "warning": "WARNING"}
_CERTIFICATES = Path("/etc/letsencrypt/live")


@click.command()
@click.argument("address")
@click.argument("user", default="mox")
@click.option("--hostname", help="Name of the mail host; by default this machine's.")
@click.option(
    "--dir",
    "directory",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    help="Where it is set up; by default here.",
)
@click.option(
    "--acme-directory",
    metavar="URL",
    help="Provider of certificates; by default Let's Encrypt, whose terms apply.",
)
@click.option(
    "--cert",
    type=click.Path(path_type=Path),
    help="PEM with the chain of the host's certificate, which another tool renews, instead of ACME.",
)
@click.option("--key", type=click.Path(path_type=Path), help="PEM with its private key.")
@click.option(
    "--existing-webserver",
    is_flag=True,
    help="Another web server has ports 80 and 443: it forwards to mox, and its certificates are used.",
)
@click.option("--skip-dial", is_flag=True, help="Do not try to connect to another mail server.")
@click.option("--json", "as_json", is_flag=True, help="For scripts: all that was found and made.")
@resolver_options
def quickstart(
    *,
    address: str,
    user: str,
    hostname: str | None,
    directory: Path,
    acme_directory: str | None,
    cert: Path | None,
    key: Path | None,
    existing_webserver: bool,
    skip_dial: bool,
    as_json: bool,
    resolver: Resolver,
) -> None:
    """Set up a mail server for the domain of ADDRESS on this machine; it runs as USER.

    Looks at DNS and the way out, writes config/ and data/ with keys and passwords, and prints the DNS records
    to publish and what to do next. Nothing that is there is overwritten. Certificates come from an ACME
    provider, or are those of another tool, with --cert and --key, or by default where certbot puts them if
    there is another web server.

    Example: mox quickstart --hostname mail.mox.example you@mox.example
    """
    from mox.admin import LETS_ENCRYPT, FirstWishes, install, look_around  # noqa: PLC0415  slow
    from mox.config import ConfigError  # noqa: PLC0415  with it
    from mox.runtime import SystemClock  # noqa: PLC0415  with it

    mail, domain = _address(address)
    host = _hostname(hostname)
    directory = directory.resolve()
    certificate = _certificate(host.ascii, cert, key, is_wanted=existing_webserver)
    if certificate is not None and acme_directory is not None:
        raise click.ClickException("certificates come from --acme-directory or from --cert: give one of them")
    for name in ("config", "data"):
        if (directory / name).exists():
            raise click.ClickException(f"{directory / name} is there already; nothing was changed")
    found = run_lookup(look_around(resolver, host, dials=not skip_dial))
    wishes = FirstWishes(
        address=mail,
        user=user,
        hostname=host.ascii,
        listen_ips=found.listen_ips,
        nat_ips=found.nat_ips,
        certificate=certificate,
        acme_directory=acme_directory or LETS_ENCRYPT,
        has_webserver=existing_webserver,
    )
    try:
        made = install(
            directory,
            wishes,
            domain=domain.ascii,
            is_signed=found.is_signed,
            program=(sys.executable, "-I", "-m", "mox"),
            clock=SystemClock(),
        )
    except ConfigError as error:
        raise click.ClickException("\n".join(map(str, error.problems))) from error
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}; nothing is left of it") from error
    if as_json:
        print_json(_values(found, made))
        return
    text = "\n".join(_report(domain.ascii, found, made, wishes))
    log = directory / _LOG_NAME
    log.touch(mode=0o600)
    log.write_text(f"{text}\n", encoding="utf-8")
    click.echo(text)
    click.echo(f"\nAll of this is in {log}, with the passwords: remove it when they are kept elsewhere.")


def _certificate(host: str, cert: Path | None, key: Path | None, *, is_wanted: bool) -> "KeyCert | None":
    from mox.config import KeyCert  # noqa: PLC0415  slow

    if (cert is None) is not (key is None):
        raise click.ClickException("give both --cert and --key, or none of them")
    if cert is None and not is_wanted:
        return None
    directory = _CERTIFICATES / host
    return KeyCert(
        cert_file=str((cert or directory / "fullchain.pem").absolute()),
        key_file=str((key or directory / "privkey.pem").absolute()),
    )


def _address(given: str) -> tuple[MailPath, Domain]:
    try:
        mail = parse_path(given)
    except CommandError as error:
        raise click.ClickException(f"{given} is not an address: {error.text}") from error
    if not isinstance(mail.domain, Domain):
        raise click.ClickException(f"{given}: its domain has to be a name")
    return mail, mail.domain


def _hostname(given: str | None) -> Domain:
    name = given or socket.gethostname()
    try:
        host = parse_domain(name)
    except DomainError as error:
        raise click.ClickException(f"{name}: {error}") from error
    if "." not in host.ascii:
        raise click.ClickException(f"{name} is no full name; give one, like --hostname mail.mox.example")
    return host


def _values(found: "Surroundings", made: "Installed") -> dict[str, object]:
    return {
        "hostname": found.hostname,
        "ips": found.ips,
        "listen_ips": found.listen_ips,
        "nat_ips": found.nat_ips,
        "findings": [asdict(each) for each in found.findings],
        "config_file": str(made.config_file),
        "service_file": None if made.service_file is None else str(made.service_file),
        "account": made.account,
        "password": made.password,
        "admin_password": made.admin_password,
        "records": [asdict(group) for group in made.records],
    }


def _report(domain: str, found: "Surroundings", made: "Installed", wishes: "FirstWishes") -> Iterator[str]:
    from mox.admin import zone_text  # noqa: PLC0415  only here

    for each in found.findings:
        yield f"{_MARKS[each.level]}  {each.what}{': ' if each.text else ''}{each.text}"
    yield ""
    yield f"Written: {made.config_file} and what is beside it."
    yield ""
    yield f"Password of {made.account}@{domain}, for IMAP, sending and the account pages: {made.password}"
    yield f"Password of the administrator: {made.admin_password}"
    yield ""
    host = made.client_host
    yield f"Mail programs: IMAP {host} port 993, sending {host} port 465, both with TLS;"
    yield "the address is the user name."
    yield ""
    yield "Publish these records in DNS:"
    yield ""
    yield zone_text(domain, made.records)
    yield "If mail of the domain goes elsewhere now, the MX record changes that at once: move the mail first."
    yield ""
    yield "Then:"
    for number, step in enumerate(_steps(domain, found, made, wishes), 1):
        yield f"  {number}. {step}"


def _steps(domain: str, found: "Surroundings", made: "Installed", wishes: "FirstWishes") -> Iterator[str]:
    from mox.admin import FORWARDED_ACCOUNT_PORT, FORWARDED_PORT  # noqa: PLC0415  only here

    if wishes.certificate is not None:
        cert = Path(wishes.certificate.cert_file)
        is_there = (
            "" if cert.exists() else ", which is not there yet, such as by: certbot certonly --standalone"
        )
        yield f"have a certificate for {found.hostname} in {cert}{is_there}"
    if wishes.has_webserver:
        yield (
            f"have your web server forward https://mta-sts.{domain}/ and https://autoconfig.{domain}/ to"
            f" http://127.0.0.1:{FORWARDED_PORT}, with X-Forwarded-For"
        )
    user = wishes.user
    yield f"if there is no user {user} yet: useradd --system --user-group --no-create-home {user}"
    yield f"check the configuration: mox --config {made.config_file} config test"
    yield f"start it as root: mox --config {made.config_file} serve"
    if made.service_file is not None:
        yield f"at each start of the machine: systemctl enable --now {made.service_file}"
    port = FORWARDED_ACCOUNT_PORT if wishes.has_webserver else 80
    at = "" if port == 80 else f":{port}"
    yield f"account pages: http://localhost{at}/ here; from elsewhere: ssh -L 8080:localhost:{port}"
