"""Name servers as people write them."""

import pytest

from moxkit.dns import NameServer, parse_name_server


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("192.0.2.1", NameServer("192.0.2.1")),
        ("192.0.2.1:5353", NameServer("192.0.2.1", 5353)),
        ("2001:DB8::1", NameServer("2001:db8::1")),
        ("[2001:db8::1]", NameServer("2001:db8::1")),
        ("[::1]:5353", NameServer("::1", 5353)),
    ],
)
def test_reads_addresses_with_and_without_port(text: str, server: NameServer) -> None:
    assert parse_name_server(text) == server


@pytest.mark.parametrize(
    "text",
    ["", "x", "192.0.2.1:0", "192.0.2.1:65536", "192.0.2.1:", "[::1", "::1]", "[::1]x", "[::1]:x", "1.2.3"],
)
def test_refuses_everything_else(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the library's words for addresses
        parse_name_server(text)
