"""The machine's configuration: whether its administrator trusts the way to the name servers."""

from pathlib import Path

import pytest

from moxkit.dns.system import trusts_ad


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nameserver 192.0.2.1\noptions edns0 trust-ad\n", True),
        ("options trust-ad", True),
        ("  options\ttrust-ad ndots:1", True),
        ("nameserver 192.0.2.1\n", False),
        ("# options trust-ad\n", False),
        ("options no-trust-ad trust-adx\n", False),
    ],
)
def test_trust_ad_is_an_option_of_resolv_conf(tmp_path: Path, text: str, expected: bool) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text(text)
    assert trusts_ad(file) is expected


def test_no_configuration_trusts_nobody(tmp_path: Path) -> None:
    assert not trusts_ad(tmp_path / "none")
