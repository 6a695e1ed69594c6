"""seed_demo: write the demo company into an empty database."""

from argparse import ArgumentParser
from dataclasses import fields
from datetime import date, datetime, time, timedelta
from io import StringIO
from time import monotonic
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from performance.services import raise_flags
from recognition.services import suggest_awards
from salesmgmt.lib import clock
from salesmgmt.lib.refusals import Refused
from salesmgmt.pages.demo import Size, seed
from salesmgmt.pages.demo.organisation import ZONE
from salesmgmt.pages.demo.talks import write_talks
from teams.models import Organisation, Person

EARLY = time(6)


class Command(BaseCommand):
    help = "Write the demo company into an empty database; only where DEMO=1."

    def add_arguments(self, parser: ArgumentParser) -> None:
        for field in fields(Size):
            parser.add_argument(f"--{field.name}", type=int, default=field.default, help=f"default {field.default}")
        parser.add_argument(
            "--today", type=date.fromisoformat, default=None, help="the day after its last (default: today)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("The demo company exists only where DEMO=1.")
        if Organisation.get().is_demo and Person.objects.exists():
            self.stdout.write("The demo company is here already.")
            return
        size = Size(**{field.name: options[field.name] for field in fields(Size)})
        today = options["today"] or clock.today(ZONE)
        began = monotonic()
        try:
            seed(size=size, today=today)
        except Refused as refusal:
            raise CommandError(str(refusal)) from None
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        call_command("refresh_rollups", stdout=StringIO())
        for weeks in (3, 2, 1, 0):
            day = today - timedelta(weeks=weeks)
            raise_flags(as_of=day, at=datetime.combine(day, EARLY, ZoneInfo(ZONE)))
        suggest_awards(as_of=today)
        write_talks(seed=size.seed, today=today)
        self.stdout.write(f"The demo company stands after {monotonic() - began:.0f} s.")
