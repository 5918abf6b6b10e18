"""`mox config tlspubkey`: keys of TLS client certificates, which sign in without a password."""

import base64
import os
import re
import secrets
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from mox.accounts import read_key
from mox.cli.context import Globals, ask_server, print_json
from mox.runtime import SystemClock
from moxkit.net import minimal_certificate

__all__ = ["tlspubkey"]

_MAX_PEM_CHARACTERS = 64 * 1024
_FINGERPRINT = re.compile(r"[A-Za-z0-9_-]{43}")


class _OfKey(click.Command):
    """A command whose one argument is a fingerprint: one in 64 begins with a hyphen, and is no option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put a fingerprint where options have ended."""
        given = [each for each in args if _FINGERPRINT.fullmatch(each)]
        if given and "--" not in args:
            args = [*(each for each in args if each not in given), "--", *given]
        return super().parse_args(ctx, args)


@click.group()
def tlspubkey() -> None:
    """Keys of TLS client certificates: one for each device, signing in to IMAP and submission.

    Only the public key counts; names, dates and issuers of certificates do not.

    Example: mox config tlspubkey add mox@mox.example laptop < laptop.certificate.pem
    """


@tlspubkey.command("list")
@click.argument("account", required=False)
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_obj
def list_(given: Globals, account: str | None, as_json: bool) -> None:
    """List keys, of all accounts or one.

    Example: mox config tlspubkey list
    """
    found = ask_server(given, "tlspubkeylist", {"account": account})
    if as_json:
        print_json(found)
        return
    click.echo(f"# fingerprint, type, name, account, login address, no imap preauth ({len(found)})")
    for key in found:
        click.echo("\t".join(_words(key)))


@tlspubkey.command(cls=_OfKey)
@click.argument("fingerprint")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_obj
def get(given: Globals, fingerprint: str, as_json: bool) -> None:
    """Show a key and the certificate it was added with.

    Example: mox config tlspubkey get m1R7Xc2nYk0...
    """
    key = ask_server(given, "tlspubkeyget", {"fingerprint": fingerprint})
    pem = x509.load_der_x509_certificate(bytes.fromhex(key.pop("certificate"))).public_bytes(Encoding.PEM)
    if as_json:
        print_json(key | {"certificate": pem.decode()})
        return
    for name in ("type", "name", "account", "address", "no_imap_preauth", "created_at"):
        click.echo(f"{name.replace('_', ' ')}: {key[name]}")
    click.echo(pem.decode(), nl=False)


@tlspubkey.command()
@click.argument("address")
@click.argument("name", default="")
@click.option("--no-imap-preauth", is_flag=True, help="For programs that do not understand IMAP's PREAUTH.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_obj
def add(given: Globals, address: str, name: str, no_imap_preauth: bool, as_json: bool) -> None:
    """Let the key of a certificate, read from standard input as PEM, sign in as ADDRESS.

    NAME is of the device; by default it is the certificate's common name.

    Example: mox config tlspubkey add mox@mox.example laptop < laptop.certificate.pem
    """
    key = ask_server(
        given,
        "tlspubkeyadd",
        {
            "address": address,
            "name": name,
            "no_imap_preauth": no_imap_preauth,
            "pem": sys.stdin.read(_MAX_PEM_CHARACTERS + 1),
        },
    )
    if as_json:
        print_json(key)
    else:
        click.echo(f"added {key['type']} key {key['fingerprint']} for account {key['account']}")


@tlspubkey.command("rm", cls=_OfKey)
@click.argument("fingerprint")
@click.pass_obj
def remove(given: Globals, fingerprint: str) -> None:
    """Remove a key; it signs nobody in from now on.

    Example: mox config tlspubkey rm m1R7Xc2nYk0...
    """
    ask_server(given, "tlspubkeyrm", {"fingerprint": fingerprint})
    click.echo("key removed")


@tlspubkey.command()
@click.argument("stem")
def gen(stem: str) -> None:
    """Make an Ed25519 key and a minimal certificate, in three files that begin with STEM.

    The key's seed, as `mox sendmail` takes it, and the fingerprint go to standard error.

    Example: mox config tlspubkey gen laptop
    """
    seed = secrets.token_bytes(32)
    certificate, key = minimal_certificate(seed, name=Path(stem).name)
    base = f"{stem}.{_stamp(SystemClock().now())}"
    files = {
        f"{base}.ed25519privatekey.pkcs8.pem": key,
        f"{base}.certificate.pem": certificate,
        f"{base}.ed25519privatekey-certificate.pem": key + certificate,
    }
    for name, octets in files.items():
        _write_new(Path(name), octets)
        click.echo(f"wrote {name}")
    fingerprint, *_ = read_key(certificate.decode())
    seed_text = base64.urlsafe_b64encode(seed).decode().rstrip("=")
    click.echo(f"ed25519 private key, raw base64url: {seed_text}", err=True)
    click.echo(f"fingerprint: {fingerprint}", err=True)


def _stamp(now: datetime) -> str:
    return now.strftime("%Y%m%d%H%M")


def _write_new(file: Path, octets: bytes) -> None:
    try:
        # A private key is never readable by others, not even for a moment.
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
            opened.write(octets)
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror}") from error


def _words(key: dict[str, Any]) -> list[str]:
    quoted = '"' + key["name"].replace('"', '\\"') + '"'
    preauth = "yes" if key["no_imap_preauth"] else "no"
    return [key["fingerprint"], key["type"], quoted, key["account"], key["address"], preauth]
