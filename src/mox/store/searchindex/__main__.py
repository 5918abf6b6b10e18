"""The process that fills an index where much waits; started by the server only."""

import sys
from pathlib import Path

from mox.store.searchindex.apart import fill_until_idle

if __name__ == "__main__":
    fill_until_idle(*map(Path, sys.argv[1:4]))
