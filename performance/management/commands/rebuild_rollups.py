"""Recompute every rollup from the records, or list what differs."""

import sys
from argparse import ArgumentParser
from itertools import chain
from typing import Any

from django.core.management.base import BaseCommand

from performance.services import rollups, snapshots


class Command(BaseCommand):
    help = "Recompute every rollup from the records; with --check only say what differs, and exit 1 if anything does."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing, list what differs")

    def handle(self, *args: Any, **options: Any) -> None:
        count = 0
        for difference in chain(*(part.rebuild(write=not options["check"]) for part in (rollups, snapshots))):
            self.stdout.write(str(difference))
            count += getattr(difference, "times", 1)
        waiting = sum(rollups.waiting().values()) + snapshots.waiting()
        said = "differ from the records" if options["check"] else "put right"
        self.stdout.write(f"{count} rollups {said}; {waiting} marks wait.")
        if options["check"] and count:
            sys.exit(1)
