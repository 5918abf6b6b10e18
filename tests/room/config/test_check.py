"""Each mistake in either file is one line: the file, the line, the key, and what to do."""

import re
from pathlib import Path

import pytest

from mox.config import ConfigError, load_config

STATIC = """LogLevel = "info"
Hostname = "mail.mox.example"
[Postmaster]
Account = "me"
Mailbox = "Postmaster"
[Listeners.public]
IPs = ["192.0.2.1"]
"""
DYNAMIC = """[Domains."mox.example"]
[Accounts.me]
Domain = "mox.example"
[Accounts.me.Destinations."me@mox.example"]
"""
TLS = '[Listeners.public.TLS]\nKeyCerts = [{ CertFile = "c", KeyFile = "k" }]\n'


def problems(directory: Path, static: str = STATIC, dynamic: str = DYNAMIC) -> list[str]:
    (directory / "mox.toml").write_text(static)
    (directory / "domains.toml").write_text(dynamic)
    try:
        load_config(directory / "mox.toml", opens_keys=False)
    except ConfigError as error:
        return [str(each).replace(f"{directory}/", "") for each in error.problems]
    return []


def enabled(*services: str) -> str:
    return "".join(
        f"[Listeners.public.{name}]\nEnabled = true\n{more}"
        for name, _, more in (service.partition(":") for service in services)
    )


@pytest.mark.parametrize(
    ("static", "line", "says"),
    [
        (STATIC.replace("info", "loud"), 1, "LogLevel: invalid log level"),
        ("CheckUpdates = true\n" + STATIC, 1, "CheckUpdates: needs UpdatesDomain"),
        ('UpdatesDomain = "a..b"\n' + STATIC, 1, "UpdatesDomain: 'a..b' is not a domain name"),
        ("Workers = 0\n" + STATIC, 1, "Workers: must be from 1 to 64"),
        ("Workers = 65\n" + STATIC, 1, "Workers: must be from 1 to 64"),
        (STATIC.replace("mail.mox", "xn--bcher-kva"), 2, "Hostname: has to be in Unicode: bücher.example"),
        (STATIC.replace("mail.mox", "..mox"), 2, "Hostname: '..mox.example' is not a domain name"),
        (STATIC.replace('"Postmaster"', '"Postmaste\u0301r"'), 5, "Postmaster.Mailbox: must be"),
        (STATIC.replace("192.0.2.1", "192.0.2"), 7, "IPs[0]: '192.0.2' is not an IP address"),
        (STATIC.replace('["192.0.2.1"]', "[]"), 7, "IPs: is empty"),
        (STATIC.replace("192.0.2.1", '192.0.2.1", "192.0.2.1'), 7, "is there already"),
        (STATIC + 'NATIPs = ["127.0.0.1"]\n', 8, "NATIPs[0]: 127.0.0.1 is not an address that others"),
        (STATIC + 'NATIPs = ["192.0.2.2"]\nIPsNATed = true\n', 9, "IPsNATed: cannot go with NATIPs"),
        (STATIC + 'Hostname = "a..b"\n', 8, "Hostname: 'a..b' is not a domain name"),
        (STATIC + "SMTPMaxMessageSize = 0\n", 8, "SMTPMaxMessageSize: must be more than 0"),
        (STATIC + enabled("AccountHTTP:Path = '/x'\n"), 10, "Path: must begin and end with a slash"),
        (STATIC + enabled("AccountHTTP:Port = 70000\n"), 10, "Port: must be from 1 to 65535"),
        (
            STATIC + enabled("AccountHTTP", "IMAP:NoRequireSTARTTLS = true\nPort = 80\n"),
            0,
            "the port of IMAP, too",
        ),
        (STATIC + enabled("SMTP"), 8, "SMTP: needs TLS, and the listener has no TLS section"),
        (STATIC + enabled("SMTP:NoSTARTTLS = true\nDNSBLs = ['a..b']\n"), 11, "'a..b' is not a domain name"),
        (STATIC + enabled("MTASTSHTTPS"), 8, "MTASTSHTTPS: needs TLS"),
        (
            STATIC + TLS + enabled("AutoconfigHTTPS:NonTLS = true\nPort = 81\n", "MTASTSHTTPS:Port = 81\n"),
            0,
            "81 is the port of AutoconfigHTTPS, too, and only one of them has TLS",
        ),
        (STATIC + TLS + 'MinVersion = "SSLv3"\n', 10, "MinVersion: use one of TLSv1.0"),
        (STATIC + "[Listeners.public.TLS]\n", 8, "needs either ACME or KeyCerts"),
        (STATIC + TLS + 'ACME = "le"\n', 0, "needs either ACME or KeyCerts, and not both"),
        (STATIC + '[Listeners.public.TLS]\nACME = "le"\n', 9, "no ACME provider 'le' is configured"),
        (
            STATIC + '[ACME.le]\nDirectoryURL = ""\nContactEmail = "a@b"\n',
            9,
            "URL: must not be empty",
        ),
        (STATIC + '[ACME.le]\nDirectoryURL = "http://a"\nContactEmail = "a@b"\n', 9, "must begin with https"),
        (
            STATIC + '[ACME."a/b"]\nDirectoryURL = "https://a"\nContactEmail = "a@b"\n',
            8,
            "no name that a file",
        ),
        (
            STATIC + '[ACME.le]\nDirectoryURL = "https://a"\nContactEmail = "a@b"\n'
            '[ACME.le.ExternalAccountBinding]\nKeyID = "1"\nKeyFile = "gone"\n',
            13,
            "KeyFile: cannot be read: No such file",
        ),
        (STATIC + '[TLS.CA]\nCertFiles = ["gone.pem"]\n', 9, "CertFiles[0]: cannot be read"),
        (STATIC + '[TLS.CA]\nCertFiles = ["mox.toml"]\n', 9, "has no certificate that can be read"),
        (
            STATIC + '[HostTLSRPT]\nAccount = "me"\nMailbox = "T"\nLocalpart = "ü"\n',
            11,
            "HostTLSRPT.Localpart: must be a localpart",
        ),
        (STATIC + '[InitialMailboxes]\nRegular = ["Inbox"]\n', 9, "Inbox is always there"),
        (STATIC + '[InitialMailboxes]\nRegular = ["A/B"]\n', 9, "cannot be below another mailbox"),
        (STATIC + '[InitialMailboxes]\nRegular = ["A", "A"]\n', 9, "'A' is there already"),
        (STATIC + '[InitialMailboxes.SpecialUse]\nSent = "inbox"\n', 9, "Inbox is always there"),
        (STATIC + "Nonsense = 1\n", 8, "Nonsense: unknown key"),
        (STATIC + "SMTPMaxMessageSize = 'x'\n", 8, "SMTPMaxMessageSize: "),
        (STATIC.replace("LogLevel", "#LogLevel"), 0, "LogLevel: missing"),
        (STATIC + "[[[\n", 8, "not valid TOML"),
    ],
)
def test_mistakes_of_mox_toml(tmp_path: Path, static: str, line: int, says: str) -> None:
    check(problems(tmp_path, static), "mox.toml", line, says)


def check(found: list[str], file: str, line: int, says: str) -> None:
    assert any(says in each for each in found), found
    [problem] = [each for each in found if says in each]
    where = re.match(rf"{re.escape(file)}:(\d+): ", problem) or re.match(rf"{re.escape(file)}(): ", problem)
    assert where is not None, problem
    assert not line or where[1] == str(line), problem
    assert "\n" not in problem


DOMAIN = '[Domains."mox.example"]\n'
SELECTOR = '[Domains."mox.example".DKIM.Selectors.a]\nPrivateKeyFile = "a.pem"\n'
POLICY = '[Domains."mox.example".MTASTS]\nPolicyID = "1"\nMode = "enforce"\nMaxAge = "24h"\n'
REPORTS = '[Domains."mox.example".DMARC]\nLocalpart = "d"\nAccount = "me"\nMailbox = "DMARC"\n'


def inserted(text: str) -> str:
    """Return a domain with something, then the account."""
    return DYNAMIC.replace(DOMAIN, DOMAIN + text)


@pytest.mark.parametrize(
    ("dynamic", "line", "says"),
    [
        (inserted('ClientSettingsDomain = "a..b"\n'), 2, "ClientSettingsDomain: 'a..b' is not"),
        (inserted('LocalpartCatchallSeparators = ["+", "+"]\n'), 2, "'+' is there already"),
        (inserted('LocalpartCatchallSeparators = [""]\n'), 2, "must not be empty"),
        (
            inserted('LocalpartCatchallSeparator = "-"\nLocalpartCatchallSeparators = ["+"]\n'),
            3,
            "cannot go with LocalpartCatchallSeparator",
        ),
        (inserted(SELECTOR + 'Hash = "md5"\n'), 4, "Hash: must be one of sha256"),
        (inserted(SELECTOR + 'Headers = ["To"]\n'), 4, "Headers: must have From"),
        (inserted(SELECTOR.replace("a.pem", "")), 3, "PrivateKeyFile: must not be empty"),
        (inserted('[Domains."mox.example".DKIM]\nSign = ["b"]\nSelectors = {}\n'), 3, "selector 'b' is not"),
        (inserted(REPORTS.replace('"d"', '"dü"')), 3, "Localpart: must be a localpart in ASCII"),
        (inserted(REPORTS.replace('"me"', '"you"')), 4, "Account: there is no account 'you'"),
        (inserted(REPORTS + 'Domain = "else.example"\n'), 6, "domain 'else.example' is not configured"),
        (inserted(POLICY), 2, "is served by nobody"),
        (inserted(POLICY.replace('"1"', '"a b"')), 3, "PolicyID: must be up to 32 letters"),
        (inserted(POLICY.replace("enforce", "force")), 4, "Mode: must be one of enforce"),
        (inserted(POLICY.replace("24h", "9000h")), 5, "MaxAge: must be at most a year"),
        (inserted(POLICY + 'MX = ["*.a..b"]\n'), 6, "MX[0]: 'a..b' is not a domain name"),
        (DYNAMIC + '[Domains."MOX.example"]\n', 5, "is the same domain as"),
        (DYNAMIC + '[Accounts.me.OutgoingWebhook]\nURL = "ftp://x"\n', 6, "URL: must be a full address"),
        (
            DYNAMIC + '[Accounts.me.OutgoingWebhook]\nURL = "https://x"\nEvents = ["sent"]\n',
            7,
            "Events[0]: use some of delivered",
        ),
        (DYNAMIC + 'MessageAuthRequiredSMTPError = "é"\n', 5, "must be at most 256 printable ASCII"),
        ('MonitorDNSBLs = ["a.example", "a.example"]\n' + DYNAMIC, 1, "'a.example' is there already"),
        ('MonitorDNSBLs = ["a..b"]\n' + DYNAMIC, 1, "'a..b' is not a domain name"),
        (DYNAMIC.replace('Domain = "mox', 'Domain = "x'), 3, "is not configured"),
        (DYNAMIC + "Nonsense = 1\n", 5, "Nonsense: unknown key"),
    ],
)
def test_mistakes_of_domains_toml(tmp_path: Path, dynamic: str, line: int, says: str) -> None:
    check(problems(tmp_path, dynamic=dynamic), "domains.toml", line, says)


def test_without_mistakes_nothing_is_told(tmp_path: Path) -> None:
    assert problems(tmp_path) == []
    static = STATIC + TLS + enabled("SMTP", "MTASTSHTTPS", "AutoconfigHTTPS", "AccountHTTPS", "AccountHTTP")
    assert problems(tmp_path, static, inserted(POLICY + REPORTS + SELECTOR)) == []
