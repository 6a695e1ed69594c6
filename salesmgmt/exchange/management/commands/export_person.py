"""All that is stored about somebody who can't ask for it on their own page any more."""

import shutil
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from salesmgmt.exchange.services.own_data import archive
from salesmgmt.lib import clock
from teams.models import Person


class Command(BaseCommand):
    help = "Write everything that is stored about a person into a zip, to be handed to them and nobody else."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("person", type=int, help="Number of the person, as in the address of their page")
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        person = Person.objects.filter(pk=options["person"]).first()
        if person is None:
            raise CommandError(f"There is no person {options['person']}.")
        whole, told = archive(person=person, at=clock.now())
        with whole, options["file"].open("wb") as out:
            shutil.copyfileobj(whole, out)
        self.stdout.write(f"{options['file']}: {sum(told.rows.values())} rows of {len(told.rows)} tables.")
