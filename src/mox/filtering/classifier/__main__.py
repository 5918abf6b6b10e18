"""The processes that learn where much waits; started by the server only."""

import sys

from mox.filtering.classifier.apart import learn_until_done
from mox.filtering.classifier.tokenhelper import HELPER, help_with_tokens

if __name__ == "__main__":
    if sys.argv[1:2] == [HELPER]:
        help_with_tokens(sys.argv[2:])
    else:
        learn_until_done(sys.argv[1:])
