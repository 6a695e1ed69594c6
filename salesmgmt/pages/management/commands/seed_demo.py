"""seed_demo: write the demo company into an empty database."""

from argparse import ArgumentParser
from dataclasses import fields
from datetime import date
from time import monotonic
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from salesmgmt.lib import clock
from salesmgmt.lib.refusals import Refused
from salesmgmt.pages.demo import Size, draw_conclusions, is_here, seed
from salesmgmt.pages.demo.organisation import ZONE


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
        size = Size(**{field.name: options[field.name] for field in fields(Size)})
        today = options["today"] or clock.today(ZONE)
        began = monotonic()
        if is_here():
            self.stdout.write("The demo company is here already.")
        else:
            try:
                seed(size=size, today=today)
            except Refused as refusal:
                raise CommandError(str(refusal)) from None
        # Also where a start was ended in between: each of these does nothing the second time.
        draw_conclusions(size=size, today=today)
        self.stdout.write(f"The demo company stands after {monotonic() - began:.0f} s.")
