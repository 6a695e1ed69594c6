"""Find who is behind, and why."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from performance.services import raise_flags
from salesmgmt.lib import clock
from teams.models import Organisation


class Command(BaseCommand):
    help = "Raise, change and close flags as the figures of a day say."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--as-of", metavar="DATE", help="a day such as 2026-11-22; today unless said")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            asked = date.fromisoformat(options["as_of"]) if options["as_of"] else None
        except ValueError:
            raise CommandError(f"“{options['as_of']}” is not a day; write it as 2026-11-22.") from None
        done = raise_flags(as_of=asked or clock.today(Organisation.get().time_zone), at=clock.now())
        self.stdout.write(", ".join(f"{count} {word}" for word, count in done.items()) + ".")
