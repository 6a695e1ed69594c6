"""A link with which somebody without a login makes one."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from salesmgmt.lib import clock
from salesmgmt.lib.refusals import Refused
from teams import services
from teams.models import Person


class Command(BaseCommand):
    help = "Print a link (72 hours, one use) with which a person makes their login."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="name, e-mail address or external id")

    def handle(self, *args: Any, name: str, **options: Any) -> None:
        people = Person.objects.present()
        for field in ("external_id", "email__iexact", "name__iexact"):
            found = people.filter(**{field: name})[:2]
            if len(found) == 1:
                break
            if found:
                raise CommandError(f"More than one person is called “{name}”; use the external id.")
        else:
            raise CommandError(f"There is no person “{name}”.")
        try:
            self.stdout.write(services.invite_person(person=found[0], by=None, at=clock.now()))
        except Refused as refused:
            raise CommandError(str(refused)) from None
