"""What a mail host answers by HTTP for mail programs and mail servers: settings, and its MTA-STS policy.

Autoconfig of Thunderbird, autodiscover of Microsoft, configuration profiles of Apple with a QR code, and the
policy of RFC 8461. Each is text made by a pure function, and a small ASGI application around it.

    app = MailHost(current=lambda: source.current)
    Site(name="autoconfig", path="/mail/config-v1.1.xml", app=app.autoconfig, serves_host=app.serves_settings)
"""

from mox.mailhost.mobileconfig import profile, profile_name
from mox.mailhost.sites import POLICY_PATH, SETTINGS_PATHS, MailHost

__all__ = ["POLICY_PATH", "SETTINGS_PATHS", "MailHost", "profile", "profile_name"]
