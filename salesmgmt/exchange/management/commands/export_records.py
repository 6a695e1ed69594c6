"""Give out what import takes."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, TextIO, cast

from django.core.management import BaseCommand, CommandError

from salesmgmt.exchange.exports import write_file, write_table
from salesmgmt.exchange.kinds import kind_of, kinds
from salesmgmt.lib.refusals import Refused


class Command(BaseCommand):
    help = "Give out a kind as CSV: export_records KIND, or every kind: export_records all --out DIR"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", metavar="KIND", help=f"all, {', '.join(kinds())}")
        parser.add_argument(
            "--out",
            type=Path,
            metavar="FILE",
            help="a file (.csv, .xlsx, .csv.gz), or with “all” a folder; else the standard output",
        )

    def handle(self, *args: Any, kind: str, out: Path | None, **options: Any) -> None:
        try:
            if kind == "all":
                self._all(out)
            elif out is None:
                write_table(kind_of(kind), cast(TextIO, self.stdout))
            else:
                self._file(kind, out)
        except Refused as refusal:
            raise CommandError(refusal.sentence, returncode=1) from None
        except OSError as error:
            raise CommandError(f"{out} can't be written: {error.strerror}.", returncode=1) from None

    def _all(self, folder: Path | None) -> None:
        if folder is None:
            raise Refused("Say where to: export_records all --out DIR.")
        folder.mkdir(parents=True, exist_ok=True)
        for kind in kinds():
            self._file(kind, folder / f"{kind}.csv", with_ids=True)

    def _file(self, kind: str, path: Path, *, with_ids: bool = False) -> None:
        count = write_file(kind_of(kind), path, with_ids=with_ids)
        print(f"{path}: {count:,} {kind}.", file=sys.stderr)
