"""What an administrator does with an installation as a whole.

    print(service_file(ServiceManager.SYSTEMD, program=program, config_file=file, data_dir=data_dir))

It changes nothing by itself.
"""

from mox.admin.servicefiles import ServiceManager, service_file

__all__ = ["ServiceManager", "service_file"]
