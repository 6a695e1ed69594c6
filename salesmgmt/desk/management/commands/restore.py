"""Bring back what a backup holds."""

from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from salesmgmt.desk.backups import restore
from salesmgmt.lib.refusals import Refused


class Command(BaseCommand):
    help = "Bring back the database and the files of a backup, compare them with it, and migrate to this version."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--replace", action="store_true", help="Give up what is in the database now")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            manifest = restore(path=options["file"].absolute(), replace=options["replace"])
        except Refused as refusal:
            raise CommandError(refusal.sentence) from None
        call_command("migrate", verbosity=0)
        self.stdout.write(
            f"Restored as of {manifest['at']}: {len(manifest['tables'])} tables and {len(manifest['files']):,} files, "
            "each equal to the backup."
        )
