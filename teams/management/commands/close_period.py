"""Closing a period."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from salesmgmt.lib import clock
from salesmgmt.lib.refusals import Refused
from teams import services


class Command(BaseCommand):
    help = "Close a period (2026-07, 2026-Q3, 2026-FY): late facts post to the next open month from then on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("key")
        parser.add_argument("--reopen", metavar="REASON", help="open it again, for a reason")

    def handle(self, *args: Any, key: str, reopen: str | None, **options: Any) -> None:
        try:
            if reopen is None:
                months = services.close_period(key=key, by=None, at=clock.now())
            else:
                months = services.reopen_period(key=key, by=None, at=clock.now(), reason=reopen)
        except Refused as refused:
            raise CommandError(str(refused)) from None
        self.stdout.write(f"{'Closed' if reopen is None else 'Opened'} {', '.join(month.key for month in months)}.")
