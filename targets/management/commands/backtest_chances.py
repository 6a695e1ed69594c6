"""How good the chances of past plans were."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from salesmgmt.lib import clock
from targets.selectors import fifths, foretold
from teams.models import Organisation


class Command(BaseCommand):
    help = "Give each plan that is over the chances it had from what was known when it began, and say what came."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--as-of", metavar="DATE", help="a day such as 2026-11-22; today unless said")
        parser.add_argument("--format", choices=("text", "json"), default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            asked = date.fromisoformat(options["as_of"]) if options["as_of"] else None
        except ValueError:
            raise CommandError(f"“{options['as_of']}” is not a day; write it as 2026-11-22.") from None
        found = foretold(as_of=asked or clock.today(Organisation.get().time_zone))
        told = {whose: fifths([one for one in found if one.whose == whose]) for whose in ("person", "team", "company")}
        if options["format"] == "json":
            self.stdout.write(json.dumps({whose: [asdict(row) for row in rows] for whose, rows in told.items()}))
            return
        plans = len({one.plan.pk for one in found})
        self.stdout.write(f"{len(found)} figures of {plans} plans that are over.")
        for whose, rows in told.items():
            for row in rows:
                self.stdout.write(
                    f"{whose:<8} {row.low:4.0%} to {row.high:4.0%}: {row.count:4} figures,"
                    f" said {row.said:4.0%}, came {row.came:4.0%}, expected from {row.least:.0%} to {row.most:.0%}"
                )
