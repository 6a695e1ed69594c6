"""python -m salesmgmt.run.alive: 0 while a worker leaves its heartbeat (the container's health check)."""

import os
import sys


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salesmgmt.settings")
    from salesmgmt.health import broker_and_worker

    broker, worker = broker_and_worker()
    print(f"broker {broker}, worker {worker}")
    return 0 if worker == "ok" else 1


if __name__ == "__main__":
    sys.exit(main())
