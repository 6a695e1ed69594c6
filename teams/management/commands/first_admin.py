"""The first admin of a new installation."""

import os
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from salesmgmt.lib import clock
from salesmgmt.lib.refusals import Refused
from teams import services


class Command(BaseCommand):
    help = "Print a one-time link for the first admin, or make the one that FIRST_ADMIN=name:password asks for."

    def handle(self, *args: Any, **options: Any) -> None:
        username, colon, password = os.environ.get("FIRST_ADMIN", "").partition(":")
        try:
            if colon:
                validate_password(password)
                services.make_first_admin(username=username, password=password)
                self.stdout.write(f"The admin {username} was made.")
            else:
                link = services.invite_first_admin(at=clock.now(), username=username or "admin")
                self.stdout.write(f"Make the first admin's password at {link}")
        except Refused as refused:
            self.stdout.write(str(refused))
        except ValidationError as error:
            raise CommandError(f"FIRST_ADMIN is wrong: {' '.join(error.messages)}") from None
