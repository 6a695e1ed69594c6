"""python -m salesmgmt.run services|stop [--var DIR]: the embedded servers alone, for work on Paceline itself."""

import argparse
import os
import shlex
import sys
from pathlib import Path

from . import home, services


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m salesmgmt.run", description=__doc__)
    parser.add_argument("act", choices=["services", "stop"])
    parser.add_argument("--var", type=Path, default=Path(os.environ.get("VAR") or "var"))
    asked = parser.parse_args()
    try:
        place = home.settle(asked.var)
        if asked.act == "stop":
            services.stop(place)
        else:
            for key, value in services.start(place).items():
                print(f"export {key}={shlex.quote(value)}")
    except home.Refused as refusal:
        print(refusal, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
