"""`python -m mox` is `mox`."""

from mox.cli import main

if __name__ == "__main__":
    main()
