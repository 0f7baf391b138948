"""Run a command of aicensus on the example estate: ``python -m discovery.demo scan``."""

from __future__ import annotations

import sys

from discovery.demo.serve import run

if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
