"""Preparing passwords and names (RFC 8265), hashing passwords, and what is cheap enough to refuse early."""

import unicodedata

import argon2
from precis_i18n import get_profile

__all__ = [
    "MIN_PASSWORD_OCTETS",
    "PasswordInvalidError",
    "hash_password",
    "hasher",
    "prepare_new_password",
    "prepare_password",
    "prepare_username",
]

MIN_PASSWORD_OCTETS = 8
# Bounds the work of preparing and hashing.
_MOST_PASSWORD_OCTETS = 1024
_OPAQUE_STRING = get_profile("OpaqueString")

# OWASP's parameters: 18 ms and 19 MiB; the library's defaults cost 157 ms and 64 MiB.
hasher = argon2.PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


class PasswordInvalidError(ValueError):
    """A password that cannot be set; the text says why, and never shows it."""


def prepare_password(password: str) -> str:
    """Bring a password into the one form that is hashed (RFC 8265 §4.2).

    Raises:
        PasswordInvalidError: Empty, too long, or with characters that passwords cannot have.
    """
    # Lone surrogates, which a command line may hold, are for the profile to refuse.
    if len(password.encode(errors="replace")) > _MOST_PASSWORD_OCTETS:
        raise PasswordInvalidError(f"password is longer than {_MOST_PASSWORD_OCTETS} octets")
    try:
        prepared: str = _OPAQUE_STRING.enforce(password)
    except UnicodeEncodeError as error:
        # What the library says quotes the password.
        raise PasswordInvalidError("password is empty or has characters that are not allowed") from error
    return prepared


def prepare_new_password(password: str) -> str:
    """Prepare a password that is to be set.

    Raises:
        PasswordInvalidError: Too short, or not a password at all.
    """
    prepared = prepare_password(password)
    if len(prepared.encode()) < MIN_PASSWORD_OCTETS:
        raise PasswordInvalidError(f"password must have at least {MIN_PASSWORD_OCTETS} octets")
    return prepared


def hash_password(password: str) -> str:
    """Hash a password that is to be set; takes some 20 ms.

    Raises:
        PasswordInvalidError: Too short, or not a password at all.
    """
    return hasher.hash(prepare_new_password(password))


def prepare_username(username: str) -> str:
    """Bring a login address into NFC, as addresses are compared."""
    return unicodedata.normalize("NFC", username)
