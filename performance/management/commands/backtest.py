"""Replay the past with only what was known then."""

import json
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from performance.selectors import backtests
from performance.services import snapshots
from salesmgmt.lib import clock
from salesmgmt.lib.refusals import Refused
from teams.models import Organisation, Person

COLUMNS = (
    "person",
    "period",
    "checkpoint",
    "quota",
    "credited",
    "expected",
    "low",
    "high",
    "p_miss",
    "flagged",
    "final",
)


class Command(BaseCommand):
    help = (
        "Forecast every past period at checkpoints from what was known then, a row per person, and say how good it was."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        usual = ",".join(str(one) for one in backtests.CHECKPOINTS)
        parser.add_argument("--checkpoints", default=usual, help=f"shares of the period; {usual} unless said")
        parser.add_argument("--quota", default="ledger", help="ledger, or trailing:4: the mean of four periods before")
        parser.add_argument("--period", choices=["month", "quarter", "year"], default="quarter")
        parser.add_argument(
            "--until", metavar="DATE", help="judge periods that are over by this day; today unless said"
        )
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        organisation = Organisation.get()
        try:
            until = date.fromisoformat(options["until"]) if options["until"] else clock.today(organisation.time_zone)
        except ValueError:
            raise CommandError(f"“{options['until']}” is not a day; write it as 2026-11-22.") from None
        try:
            asked: dict[str, Any] = {
                "checkpoints": backtests.parse_checkpoints(options["checkpoints"]),
                "quota": backtests.Quota.parse(options["quota"]),
            }
        except Refused as refusal:
            raise CommandError(str(refusal)) from None
        snapshots.drain_all()  # what was known of deals on a day stands in their versions
        found = backtests.replay(**asked, until=until, kind=options["period"], organisation=organisation)
        cases = backtests.people_of(found)
        names = Person.objects.in_bulk({case.person_id for case in cases})
        rows = [_row(case, names[case.person_id]) for case in cases]
        if options["format"] == "json":
            self.stdout.write(json.dumps(rows, ensure_ascii=False))
            return
        self.stdout.write("\t".join(COLUMNS))
        for row in rows:
            self.stdout.write("\t".join("" if row[name] is None else str(row[name]) for name in COLUMNS))
        self.stdout.write(_verdict(cases))


def _row(case: backtests.Case, person: Person) -> dict[str, Any]:
    def text(value: Any) -> str | None:
        return None if value is None else str(value)

    return {
        "person": person.external_id or person.name,
        "period": case.period,
        "checkpoint": float(case.checkpoint),
        "quota": text(case.quota),
        "credited": text(case.credited),
        "expected": text(case.expected),
        "low": text(case.low),
        "high": text(case.high),
        "p_miss": case.p_miss,
        "flagged": case.flagged,
        "final": text(case.final),
    }


def _verdict(cases: list[backtests.Case]) -> str:
    found = backtests.scores_of(backtests.tally(cases))
    if not found.count:
        return "Nothing to judge: it takes a whole period before one that is over, and quotas."
    lines = [f"{one.name}: Brier {one.brier:.3f}, error {one.wape:.1%}" for one in found.methods]
    return "\n".join([f"{found.count} cases; {found.held:.0%} of the 80 % ranges held.", *lines])
