"""What an administrator does with an installation as a whole.

    print(zone_text(name, dns_records(name, domain, static, dkim_keys=keys, host_keys=tlsa, is_signed=True)))
    print(service_file(ServiceManager.SYSTEMD, program=program, config_file=file, data_dir=data_dir))

It changes nothing by itself.
"""

from mox.admin.dnsrecords import DnsRecord, RecordGroup, dns_records, sending_addresses, zone_text
from mox.admin.servicefiles import ServiceManager, service_file

__all__ = [
    "DnsRecord",
    "RecordGroup",
    "ServiceManager",
    "dns_records",
    "sending_addresses",
    "service_file",
    "zone_text",
]
