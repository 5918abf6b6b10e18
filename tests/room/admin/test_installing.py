"""A new installation: whole and usable, or nothing of it."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mox.accounts import Accounts, Identities, Service
from mox.admin import FirstWishes, Installed, first_config, install
from mox.certificates import KeyType, read_key
from mox.config import AutoconfigService, ConfigError, KeyCert, load_config
from moxkit import dkim
from moxkit.smtp import parse_path
from moxkit.testing import FakeClock


def wishes(directory: Path, address: str = "you@mox.example", **more: object) -> FirstWishes:
    values: dict[str, object] = {
        "address": parse_path(address),
        "user": "mox",
        "hostname": "mail.mox.example",
        "listen_ips": ("192.0.2.1",),
        "nat_ips": (),
        "certificate": KeyCert(cert_file=str(directory / "cert.pem"), key_file=str(directory / "key.pem")),
    }
    return FirstWishes(**values | more)  # type: ignore[arg-type]  # a test's own


def put(directory: Path, clock: FakeClock, what: FirstWishes | None = None) -> Installed:
    return install(
        directory,
        what or wishes(directory),
        domain="mox.example",
        is_signed=False,
        program=("/usr/bin/python3", "-I", "-m", "mox"),
        clock=clock,
        make_key=dkim.generate_ed25519,
    )


def left(directory: Path) -> list[str]:
    return sorted(each.name for each in directory.iterdir())


def test_it_can_be_loaded_and_its_secrets_are_few_people_s(tmp_path: Path, clock: FakeClock) -> None:
    made = put(tmp_path, clock)
    config = load_config(made.config_file, opens_keys=False)
    assert (config.static.hostname, config.static.user) == ("mail.mox.example", "mox")
    assert config.static.listeners["public"].ips == ("192.0.2.1",)
    assert list(config.accounts) == ["you"]
    assert config.domains["mox.example"].mtasts is None
    assert left(tmp_path / "config") == ["adminpasswd", "dkim", "domains.toml", "mox.toml"]
    for file in (tmp_path / "config").rglob("*.pem"):
        assert file.stat().st_mode & 0o007 == 0
    assert made.admin_password not in (tmp_path / "config" / "adminpasswd").read_text()
    assert made.password != made.admin_password
    assert len(made.password) == 12
    names = [record.name for group in made.records for record in group.records]
    assert "2030a._domainkey.mox.example." in names
    assert not [name for name in names if "mta-sts" in name or "autoconfig" in name]


def test_with_acme_all_sites_and_stable_keys_are_there(tmp_path: Path, clock: FakeClock) -> None:
    made = put(tmp_path, clock, wishes(tmp_path, "you@mox.example", certificate=None))
    config = load_config(made.config_file, opens_keys=True)
    public = config.static.listeners["public"]
    assert public.tls is not None
    assert public.tls.acme == "letsencrypt"
    assert public.mtasts_https == public.autoconfig_https == AutoconfigService(enabled=True)
    provider = config.static.acme["letsencrypt"]
    assert (provider.contact_email, provider.issuer_domain_name) == ("you@mox.example", "letsencrypt.org")
    keys = [read_key((tmp_path / "config" / name).read_bytes()) for name in public.tls.host_private_key_files]
    assert {found[0] for found in keys if found is not None} == set(KeyType)
    policy = config.domains["mox.example"].mtasts
    assert policy is not None
    assert policy.mx == ("mail.mox.example",)
    records = [record for group in made.records for record in group.records]
    assert len([each for each in records if each.type == "TLSA" and each.is_suggested]) == 2
    assert {"mta-sts.mox.example.", "autoconfig.mox.example."} <= {each.name for each in records}
    assert made.client_host == "mail.mox.example"


def test_another_web_server_forwards_policies_and_settings(tmp_path: Path, clock: FakeClock) -> None:
    made = put(tmp_path, clock, wishes(tmp_path, has_webserver=True))
    config = load_config(made.config_file, opens_keys=False)
    site = AutoconfigService(enabled=True, port=81, non_tls=True, forwarded=True)
    internal = config.static.listeners["internal"]
    assert internal.autoconfig_https == internal.mtasts_https == site
    assert internal.account_http is not None
    assert internal.account_http.port == 1080
    assert config.static.listeners["public"].autoconfig_https is None
    assert config.domains["mox.example"].mtasts is not None


@pytest.mark.parametrize(
    ("address", "contact"),
    [("you@mox.example", "you@mox.example"), ("dü@mox.example", "postmaster@mox.example")],
)
def test_a_provider_gets_an_address_that_it_can_write_to(address: str, contact: str) -> None:
    what = wishes(Path("/"), address, certificate=None, acme_directory="https://ca.example/dir")
    made = first_config(
        what,
        account="you",
        domain="mox.example",
        now=datetime(2030, 1, 1, tzinfo=UTC),
        make_key=dkim.generate_ed25519,
    )
    provider = made.static.acme["letsencrypt"]
    assert (provider.contact_email, provider.issuer_domain_name) == (contact, "")


async def test_its_password_signs_in(tmp_path: Path, clock: FakeClock, pool: ThreadPoolExecutor) -> None:
    made = await asyncio.to_thread(put, tmp_path, clock)
    config = load_config(made.config_file, opens_keys=False)
    identities = Identities(
        directory=tmp_path / "data",
        clock=clock,
        pool=pool,
        addresses=Accounts(current=lambda: config),
        hostname="mail.mox.example",
        enables_cram_md5=lambda: False,
    )
    proof = await identities.sign_in.check_password("you@mox.example", made.password, Service.IMAP)
    await identities.close()
    assert proof is not None


@pytest.mark.parametrize("name", ["config", "data"])
def test_nothing_is_overwritten(tmp_path: Path, clock: FakeClock, name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "mine").write_text("x")
    with pytest.raises(FileExistsError):
        put(tmp_path, clock)
    assert left(tmp_path) == [name]
    assert (tmp_path / name / "mine").read_text() == "x"


def test_what_cannot_be_configured_leaves_nothing(tmp_path: Path, clock: FakeClock) -> None:
    with pytest.raises(ConfigError):
        put(tmp_path, clock, wishes(tmp_path, listen_ips=("no address",)))
    assert left(tmp_path) == []
