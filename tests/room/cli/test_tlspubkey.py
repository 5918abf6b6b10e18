"""`mox config tlspubkey`: fingerprints are taken for what they are."""

import pytest

from room.cli.commandline import Run


@pytest.mark.parametrize("command", ["get", "rm"])
@pytest.mark.parametrize(
    "fingerprint",
    [
        "m1R7Xc2nYk0vNb5b9gGO6mWRoGM2l3Kgz7tQuN8dBhQ",
        # With an h somewhere behind the hyphen, which asks for help.
        "-x1fcYvNb5b9gGO6mWRoGM2l3K_gz7_tQuN8dBhQ9aI",
        "--1fcYvNb5b9gGO6mWRoGM2l3K_gz7_tQuN8dBhQ9aI",
        "-h1fcYvNb5b9gGO6mWRoGM2l3K_gz7_tQuN8dBhQ9aI",
    ],
)
def test_a_fingerprint_with_a_hyphen_is_no_option(run: Run, command: str, fingerprint: str) -> None:
    # There is no server: it got as far as asking it.
    done = run("config", "tlspubkey", command, fingerprint)
    assert done.status == 1
    assert "Usage" not in done.out + done.err
    assert "mox.toml" in done.err or "no server is running" in done.err


def test_help_is_still_to_be_had(run: Run) -> None:
    for words in (("-h",), ("--help",)):
        done = run("config", "tlspubkey", "rm", *words)
        assert (done.status, "Example: mox config tlspubkey rm" in done.out) == (0, True)
    assert "Missing argument" in run("config", "tlspubkey", "rm").err
    behind = run("config", "tlspubkey", "rm", "--", "-h1fcYvNb5b9gGO6mWRoGM2l3K_gz7_tQuN8dBhQ9aI")
    assert (behind.status, "Usage" in behind.err) == (1, False)
