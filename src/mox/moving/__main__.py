"""The process that stages an import; started by the server only."""

from mox.moving.apart import be_apart

if __name__ == "__main__":
    be_apart()
