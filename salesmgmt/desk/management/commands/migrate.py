"""Django's migrate, then the rights of the application's role."""

from typing import Any

from django.core.management.commands.migrate import Command as Migrate
from django.db import connections

from salesmgmt.desk.roles import grant


class Command(Migrate):
    def handle(self, *args: Any, **options: Any) -> None:
        super().handle(*args, **options)
        if not options["check_unapplied"] and not options["plan"]:
            grant(connections[options["database"]])
