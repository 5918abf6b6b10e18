"""What an administrator does with an installation as a whole.

    print(zone_text(name, dns_records(name, domain, static, dkim_keys=keys, host_keys=tlsa, is_signed=True)))
    print(service_file(ServiceManager.SYSTEMD, program=program, config_file=file, data_dir=data_dir))
    result = make_backup(BackupRequest(config_dir=config, data_dir=data, destination=Path("/backup/monday")))
    result = verify_data(Path("/backup/monday/data"))

What it finds wrong is told in results; files that cannot be made are `OSError`.
"""

from mox.admin.backup import BackupRequest, BackupResult, make_backup
from mox.admin.dnsrecords import DnsRecord, RecordGroup, dns_records, sending_addresses, zone_text
from mox.admin.servicefiles import ServiceManager, service_file
from mox.admin.verifying import VerifyResult, verify_data

__all__ = [
    "BackupRequest",
    "BackupResult",
    "DnsRecord",
    "RecordGroup",
    "ServiceManager",
    "VerifyResult",
    "dns_records",
    "make_backup",
    "sending_addresses",
    "service_file",
    "verify_data",
    "zone_text",
]
