"""Give out what import takes."""

import shutil
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO, cast

from django.core.management import BaseCommand, CommandError

from salesmgmt.exchange.exports import write_file, write_table
from salesmgmt.exchange.kinds import STAYS, kind_of, kinds
from salesmgmt.exchange.services.everything import FILES
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
        for key, one in kinds().items():
            if one.files is not None:
                self._files(folder / FILES / key, one.files())
        print("Not given out:", *(f"{label} ({why})" for label, why in STAYS.items()), sep="\n  ", file=sys.stderr)

    def _files(self, folder: Path, files: Iterator[tuple[str, Any]]) -> None:
        count = 0
        for name, file in files:
            folder.mkdir(parents=True, exist_ok=True)
            with file.open("rb") as source, (folder / name).open("wb") as target:
                shutil.copyfileobj(source, target)
            count += 1
        print(f"{folder}: {count:,} files.", file=sys.stderr)

    def _file(self, kind: str, path: Path, *, with_ids: bool = False) -> None:
        count = write_file(kind_of(kind), path, with_ids=with_ids)
        print(f"{path}: {count:,} {kind}.", file=sys.stderr)
