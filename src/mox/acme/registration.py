"""The account at a provider: its key, and its name there (RFC 8555 §7.3). It waits, in a thread."""

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acme import errors, messages
from acme.client import ClientV2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from josepy.jwa import ES256, RS256, JWASignature
from josepy.jwk import JWK, JWKEC, JWKRSA

from mox.acme.cache import account_file, account_key_file
from mox.certificates import KeyType, key_pem, make_key
from mox.config import ACME, ExternalAccountBinding
from mox.runtime import write_file_durably

__all__ = ["Account", "account_key", "known_account", "registered"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Account:
    """The account at a provider.

    Attributes:
        uri: Its address; CAA records can name it (RFC 8657 §3).
        directory_url: Of the provider.
        contact: The address that it was told.
    """

    uri: str
    directory_url: str
    contact: str


def known_account(data_dir: Path, provider: str) -> Account | None:
    """Return the account that was made earlier; `None` without."""
    try:
        found = json.loads(account_file(data_dir, provider).read_bytes())
        return Account(str(found["uri"]), str(found["directory"]), str(found["contact"]))
    except (OSError, ValueError, LookupError, TypeError):
        return None


def account_key(data_dir: Path, provider: str) -> tuple[JWK, JWASignature]:
    """Return the key of the account, made where there is none, and how it signs.

    Raises:
        OSError: It can neither be read nor be made.
        ValueError: The file is no key.
    """
    path = account_key_file(data_dir, provider)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
        write_file_durably(path, key_pem(make_key(KeyType.ECDSA)), 0o600)
    key = load_pem_private_key(path.read_bytes(), None)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return JWKEC(key=key), ES256
    return JWKRSA(key=key), RS256


def registered(
    client: ClientV2, name: str, provider: ACME, key: JWK, *, data_dir: Path, directory: Path
) -> messages.RegistrationResource:
    """Return the account of a key; it is made where there is none.

    Args:
        client: Of the provider.
        name: Of the provider, in the configuration.
        provider: Its settings.
        key: Of the account.
        data_dir: Where it is kept which account that is.
        directory: What the name of the file with a key for binding is relative to.

    Raises:
        acme.errors.Error, acme.messages.Error: The provider does not want it.
        OSError: Something cannot be reached, read or written.
        ValueError: The key for binding is none.
    """
    url, contact = provider.directory_url, provider.contact_email
    known = known_account(data_dir, name)
    if known is not None and known.directory_url == url:
        account = messages.RegistrationResource(uri=known.uri, body=messages.Registration())
        if known.contact == contact:
            return account
        client.net.account = account
        account = client.update_registration(
            account, messages.Registration.from_data(email=contact, terms_of_service_agreed=True)
        )
    else:
        binding = provider.external_account_binding
        external = None if binding is None else _binding(client, binding, key, directory)
        account = _made(client, name, contact, external)
    content = {"uri": account.uri, "directory": url, "contact": contact}
    write_file_durably(account_file(data_dir, name), json.dumps(content, indent=1).encode(), 0o640)
    return account


def _binding(client: ClientV2, binding: ExternalAccountBinding, key: JWK, directory: Path) -> dict[str, Any]:
    # As providers give it: base64url, with or without padding (RFC 8555 §7.3.4).
    secret = (directory / binding.key_file).read_text(encoding="ascii").strip()
    return messages.ExternalAccountBinding.from_data(
        account_public_key=key.public_key(),
        kid=binding.key_id,
        hmac_key=secret.rstrip("="),
        directory=client.directory,
    )


def _made(
    client: ClientV2, name: str, contact: str, external: dict[str, Any] | None
) -> messages.RegistrationResource:
    wanted = messages.NewRegistration.from_data(
        email=contact, terms_of_service_agreed=True, external_account_binding=external
    )
    try:
        account = client.new_account(wanted)
    except errors.ConflictError as error:
        # The key has one already.
        return messages.RegistrationResource(uri=error.location, body=messages.Registration())
    logger.info("acme account made", extra={"provider": name, "account": account.uri})
    return account
