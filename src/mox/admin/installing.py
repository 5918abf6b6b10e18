"""Writing a new installation: configuration, keys, passwords, a service file; all of it, or nothing."""

import asyncio
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from mox.accounts import Accounts, Identities, hash_password
from mox.admin.dnsrecords import RecordGroup, dns_records
from mox.admin.firstconfig import ADMIN_PASSWORD_FILE, FirstConfig, FirstWishes, first_config, make_password
from mox.admin.hostkeys import host_key_records
from mox.admin.servicefiles import ServiceManager, service_file
from mox.config import (
    DYNAMIC_NAME,
    STATIC_NAME,
    ConfigSource,
    client_settings,
    load_config,
    write_documented,
)
from mox.runtime import Clock, write_file_durably
from moxkit import dkim

__all__ = ["Installed", "install"]

_SERVICE_NAME = "mox.service"


@dataclass(frozen=True, slots=True)
class Installed:
    """What was made.

    Attributes:
        config_file: `mox.toml`.
        records: To be published.
        service_file: For systemd; None where its paths cannot be written in one.
        client_host: Where mail programs connect to.
    """

    config_file: Path
    account: str
    password: str
    admin_password: str
    records: list[RecordGroup]
    service_file: Path | None
    client_host: str


def install(
    directory: Path,
    wishes: FirstWishes,
    *,
    domain: str,
    is_signed: bool,
    program: tuple[str, ...],
    clock: Clock,
    make_key: Callable[[], dkim.PrivateKey] = dkim.generate_rsa,
) -> Installed:
    """Write a new installation to a directory, which has no `config` and no `data` yet.

    Args:
        directory: There, absolute.
        wishes: What it is to be.
        domain: Of the first address, in ASCII.
        is_signed: The host's domain is signed (DNSSEC).
        program: How mox is called, for the service file.
        clock: For names of keys.
        make_key: Makes keys for DKIM.

    Raises:
        FileExistsError: There is one.
        OSError: It cannot be written; nothing is left.
        mox.config.ConfigError: It would not be a good configuration; nothing is left.
    """
    made: list[Path] = []
    try:
        for name in ("config", "data"):
            (directory / name).mkdir(mode=0o750)
            made.append(directory / name)
        first = first_config(
            wishes, account=wishes.address.localpart, domain=domain, now=clock.now(), make_key=make_key
        )
        admin_password, password = make_password(), make_password()
        config_file = _write_config(directory / "config", first, admin_password)
        # Certificates may come later, and are root's.
        source = ConfigSource(config_file, load_config(config_file, opens_keys=False), clock)
        asyncio.run(_set_password(source, directory / "data", wishes.address.localpart, password, clock))
        return Installed(
            config_file,
            wishes.address.localpart,
            password,
            admin_password,
            _records(first, domain, is_signed=is_signed),
            _write_service_file(directory, config_file, program, made),
            client_settings(first.static, first.dynamic.domains[domain]).imap[0].host,
        )
    except BaseException:
        for path in made:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        raise


def _write_config(directory: Path, first: FirstConfig, admin_password: str) -> Path:
    files = {
        ADMIN_PASSWORD_FILE: f"{hash_password(admin_password)}\n".encode(),
        **{str(path): octets for path, octets in (first.keys | first.host_keys).items()},
        DYNAMIC_NAME: write_documented(first.dynamic).encode(),
        STATIC_NAME: write_documented(first.static).encode(),
    }
    for name, octets in files.items():
        (directory / name).parent.mkdir(mode=0o750, exist_ok=True)
        write_file_durably(directory / name, octets, 0o640)
    return directory / STATIC_NAME


async def _set_password(
    source: ConfigSource, data_dir: Path, account: str, password: str, clock: Clock
) -> None:
    with ThreadPoolExecutor(1) as pool:
        identities = Identities(
            directory=data_dir,
            clock=clock,
            pool=pool,
            addresses=Accounts(current=lambda: source.current),
            hostname=source.current.static.hostname,
            enables_cram_md5=lambda: False,
        )
        await identities.credentials.set_password(account, password)
        await identities.close()


def _records(first: FirstConfig, domain: str, *, is_signed: bool) -> list[RecordGroup]:
    settings = first.dynamic.domains[domain]
    selectors = settings.dkim.selectors if settings.dkim is not None else {}
    keys = {
        name: dkim.load_private_key(first.keys[Path(selector.private_key_file)])
        for name, selector in selectors.items()
    }
    return dns_records(
        domain,
        settings,
        first.static,
        dkim_keys=keys,
        host_keys=host_key_records(first.host_keys.values()),
        is_signed=is_signed,
    )


def _write_service_file(
    directory: Path, config_file: Path, program: tuple[str, ...], made: list[Path]
) -> Path | None:
    path = directory / _SERVICE_NAME
    try:
        text = service_file(
            ServiceManager.SYSTEMD, program=program, config_file=config_file, data_dir=directory / "data"
        )
    except ValueError:
        # A path with spaces, say: `mox config printservice` says so.
        return None
    with path.open("x", encoding="utf-8") as file:
        made.append(path)
        file.write(text)
    path.chmod(0o644)
    return path
