"""The process that learns where much waits; started by the server only."""

import sys

from mox.filtering.classifier.apart import learn_until_done

if __name__ == "__main__":
    learn_until_done(sys.argv[1:])
