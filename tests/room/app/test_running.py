"""What the process of a server is like while it runs."""

import re
import subprocess
import sys

import pytest

GROWTH = """
import asyncio, re
from pathlib import Path
from mox.accounts.passwords import hasher
from mox.app.running import run_loop

def private_kilobytes():
    return int(re.search(r"^RssAnon:\\s+(\\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)[1])

async def main():
    before = private_kilobytes()
    for _ in range(4):
        await asyncio.to_thread(hasher.hash, "secret")
    print("grew by", private_kilobytes() - before)
    return 0

run_loop(main)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_memory_that_passwords_take_is_given_back() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", GROWTH], capture_output=True, text=True, check=True, timeout=60
    )
    grown = re.match(r"grew by (-?\d+)$", ran.stdout)
    assert grown is not None
    assert int(grown[1]) < 5_000
