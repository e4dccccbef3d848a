"""`python -m simexchange`."""

import sys

from simexchange.cli import main

if __name__ == "__main__":
    sys.exit(main())
