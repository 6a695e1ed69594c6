"""Write the database and the uploaded files to one file."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from salesmgmt.desk.backups import backup
from salesmgmt.lib import clock
from salesmgmt.lib.refusals import Refused


class Command(BaseCommand):
    help = "Write the database and the uploaded files, as they stand, to one file that only its owner may read."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            manifest = backup(path=options["file"].absolute(), at=clock.now())
        except Refused as refusal:
            raise CommandError(refusal.sentence) from None
        rows = sum(int(count) for count, _ in manifest["tables"].values())
        self.stdout.write(
            f"{options['file']}: {len(manifest['tables'])} tables with {rows:,} rows, {len(manifest['files']):,} files."
        )
