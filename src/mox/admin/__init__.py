"""What an administrator does with an installation as a whole.

    print(zone_text(name, dns_records(name, domain, static, dkim_keys=keys, host_keys=tlsa, is_signed=True)))
    print(service_file(ServiceManager.SYSTEMD, program=program, config_file=file, data_dir=data_dir))
    result = make_backup(BackupRequest(config_dir=config, data_dir=data, destination=Path("/backup/monday")))
    result = verify_data(Path("/backup/monday/data"))

    config = add_account(config, "pat", "pat@mox.example")    # of domains.toml, in and out

What it finds wrong is told in results; files that cannot be made are `OSError`;
edits that cannot be done are `EditError`.
"""

from mox.admin.backup import BackupRequest, BackupResult, make_backup
from mox.admin.dnscheck import Means, Report, Subject, check_domain
from mox.admin.dnsrecords import DnsRecord, RecordGroup, dns_records, sending_addresses, zone_text
from mox.admin.edits import (
    EditError,
    add_account,
    add_address,
    add_alias,
    add_alias_members,
    add_domain,
    change_alias,
    remove_account,
    remove_address,
    remove_alias,
    remove_alias_members,
    remove_domain,
    set_domain_disabled,
)
from mox.admin.firstconfig import (
    FORWARDED_ACCOUNT_PORT,
    FORWARDED_PORT,
    LETS_ENCRYPT,
    FirstWishes,
    first_config,
    make_password,
)
from mox.admin.hostkeys import NewHostKeys, ensure_host_keys, host_key_records
from mox.admin.installing import Installed, install
from mox.admin.licenses import License, installed_licenses
from mox.admin.newaccount import new_account
from mox.admin.newdomain import NewDomain, new_domain
from mox.admin.servicefiles import ServiceManager, service_file
from mox.admin.surroundings import Finding, Level, Surroundings, look_around
from mox.admin.updates import (
    KnownVersion,
    UpdateCheck,
    UpdatesError,
    Version,
    latest_version,
    parse_version,
)
from mox.admin.verifying import VerifyResult, verify_data

__all__ = [
    "FORWARDED_ACCOUNT_PORT",
    "FORWARDED_PORT",
    "LETS_ENCRYPT",
    "BackupRequest",
    "BackupResult",
    "DnsRecord",
    "EditError",
    "Finding",
    "FirstWishes",
    "Installed",
    "KnownVersion",
    "Level",
    "License",
    "Means",
    "NewDomain",
    "NewHostKeys",
    "RecordGroup",
    "Report",
    "ServiceManager",
    "Subject",
    "Surroundings",
    "UpdateCheck",
    "UpdatesError",
    "VerifyResult",
    "Version",
    "add_account",
    "add_address",
    "add_alias",
    "add_alias_members",
    "add_domain",
    "change_alias",
    "check_domain",
    "dns_records",
    "ensure_host_keys",
    "first_config",
    "host_key_records",
    "install",
    "installed_licenses",
    "latest_version",
    "look_around",
    "make_backup",
    "make_password",
    "new_account",
    "new_domain",
    "parse_version",
    "remove_account",
    "remove_address",
    "remove_alias",
    "remove_alias_members",
    "remove_domain",
    "sending_addresses",
    "service_file",
    "set_domain_disabled",
    "verify_data",
    "zone_text",
]
