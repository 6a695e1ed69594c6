"""up: everything, in the foreground (make run). services: the embedded servers alone, left running. stop: end all."""

import argparse
import os
import shlex
import sys
from pathlib import Path

from . import home, services, up


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m salesmgmt.run", description=__doc__)
    parser.add_argument("act", choices=["up", "services", "stop"])
    parser.add_argument("--var", type=Path, default=Path(os.environ.get("VAR") or "var"))
    asked = parser.parse_args()
    try:
        if asked.act == "up":
            return up.up(asked.var)
        place = home.settle(asked.var)
        if asked.act == "stop":
            up.sweep(place)
        else:
            for key, value in services.start(place).items():
                print(f"export {key}={shlex.quote(value)}")
    except home.Refused as refusal:
        print(refusal, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
