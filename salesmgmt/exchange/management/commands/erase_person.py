"""Erasing a person's data on request."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from salesmgmt.exchange.services.erasing import NOUNS, erase
from salesmgmt.lib import clock
from salesmgmt.lib.refusals import Refused
from teams.models import Organisation


class Command(BaseCommand):
    help = "Erase what is known of a contact, a lead or somebody who worked here. It can't be undone; amounts stay."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("noun", choices=NOUNS)
        parser.add_argument("number", type=int, help="as its page's address has it")
        parser.add_argument("--name", required=True, help="the name as it stands, lest another be erased")
        parser.add_argument("--reason", required=True, help="who asked for it, and when")

    def handle(self, *args: Any, noun: str, number: int, name: str, reason: str, **options: Any) -> None:
        record = NOUNS[noun].objects.filter(pk=number).first()
        if record is None or record.name != name:
            raise CommandError(f"{noun.capitalize()} {number} is not called “{name}”.")
        now = clock.now()
        today = clock.day_of(now, Organisation.get().time_zone)
        try:
            made = erase(noun=noun, pk=number, by=None, at=now, on=today, reason=reason)
        except Refused as refused:
            raise CommandError(str(refused)) from None
        self.stdout.write(f"Erased: {made}, in {sum(made.touched.values()):,} rows of {len(made.touched)} tables.")
