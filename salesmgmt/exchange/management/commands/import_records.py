"""Take a table in, as the import page does; or every table of a folder."""

import json
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError

from salesmgmt.exchange import presets
from salesmgmt.exchange.kinds import kind_of, kinds
from salesmgmt.exchange.services import Answer, Options, first_refusals, import_file, rejects
from salesmgmt.exchange.services.everything import Step, keep_files, steps
from salesmgmt.exchange.services.mappings import keep_mapping, kept_mapping, mapping_of
from salesmgmt.lib import clock
from salesmgmt.lib.refusals import Refused

SHOWN = 50


class Command(BaseCommand):
    help = "Take a table in: import_records KIND FILE"
    requires_system_checks = []  # `make check` and the deployment look; an import has nothing to do with pages

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", metavar="KIND", help=f"all, {', '.join(kinds())}")
        parser.add_argument(
            "file", metavar="FILE", type=Path, help="with “all” a folder of tables named by their kinds"
        )
        parser.add_argument(
            "--preset", choices=presets.NAMES, help="whose export it is; without it that is seen from the header"
        )
        parser.add_argument(
            "--mapping",
            metavar="FILE",
            help="JSON: columns, delimiter, encoding, date_format, decimal, preset, sheet, extra_commas; or the name of"
            " a mapping that was kept",
        )
        parser.add_argument("--keep-mapping", metavar="NAME", help="keep how the file was read under a name")
        parser.add_argument("--sheet", metavar="NAME", help="of a workbook; without it the first")
        parser.add_argument(
            "--extra-commas", metavar="join:COLUMN", help="rows with too many cells: which column the rest belongs to"
        )
        parser.add_argument("--dry-run", action="store_true", help="say what it would do, and do nothing")
        parser.add_argument("--on-error", default="skip", choices=["stop", "skip"])
        parser.add_argument(
            "--create-missing", action="store_true", help="make the people, accounts, products and stages rows name"
        )
        parser.add_argument(
            "--effective", type=_day, metavar="DATE", help="when changes of posting take effect; default today"
        )
        parser.add_argument("--no-book", action="store_true", help="won deals book no orders")
        parser.add_argument("--format", default="text", choices=["text", "json"])

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            mapping = _read_mapping(options["mapping"], options["kind"])
            for name in ("preset", "sheet", "extra_commas"):
                if options[name]:
                    mapping[name] = options[name]
            todo = steps(path) if options["kind"] == "all" else [Step(kind_of(options["kind"]).key, path)]
            if options["kind"] == "all" and not options["dry_run"]:
                for sentence in keep_files(path):
                    self.stderr.write(sentence)
            answers = []
            for step in todo:
                told = options | {"settles": step.settles}
                told["create_missing"] = options["create_missing"] or step.create_missing
                answers.append(self._take(step.kind, step.path, step.mapping(mapping), told))
        except Refused as refusal:
            self._fail(refusal.sentence, options["format"], path)
        except OSError as error:
            self._fail(f"{error.filename or path} can't be read: {error.strerror}.", options["format"], path)
        if options["format"] == "json":
            plain = [_plain(answer, rejected) for answer, rejected in answers]
            self.stdout.write(json.dumps(plain if options["kind"] == "all" else plain[0], ensure_ascii=False, indent=2))
        if stopped := sum(answer.refused for answer, _ in answers if answer.stopped):
            raise CommandError(f"{stopped} rows were refused; nothing was taken of their files.", returncode=1)

    def _take(
        self, kind: str, path: Path, mapping: dict[str, Any], options: dict[str, Any]
    ) -> tuple[Answer, Path | None]:
        with path.open("rb") as file:
            answer = import_file(
                kind=kind,
                file=file,
                name=path.name,
                mapping=mapping,
                options=Options(
                    on_error=options["on_error"],
                    create_missing=options["create_missing"],
                    effective=options["effective"],
                    books=not options["no_book"],
                    dry_run=options["dry_run"],
                    settles=options["settles"],
                ),
                by=None,
                at=clock.now(),
            )
            refused = answer.refused and not answer.dry_run
            rejected = self._keep_rejects(answer, file, path, mapping) if refused else None
        if options["keep_mapping"] and not answer.dry_run:
            keep_mapping(kind=kind, name=options["keep_mapping"], content=mapping_of(answer.found, mapping), by=None)
        if options["format"] == "text":
            self._tell(answer, rejected)
        return answer, rejected

    def _fail(self, sentence: str, how: str, path: Path) -> None:
        if how == "json":
            self.stdout.write(json.dumps({"file": path.name, "error": sentence}, ensure_ascii=False))
        raise CommandError(sentence, returncode=1)

    def _keep_rejects(self, answer: Answer, file: Any, path: Path, mapping: dict[str, Any]) -> Path:
        """The refused rows as a file of their own, below FILES."""
        folder = Path(settings.MEDIA_ROOT) / "rejects"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        number = answer.batch.pk if answer.batch else 0
        target = folder / f"{number}-{path.name.removesuffix('.gz').rpartition('.')[0] or path.name}-rejects.csv"
        target.write_bytes(
            rejects(file=file, name=path.name, mapping=mapping, refusals=first_refusals(answer.refusals))
        )
        return target

    def _tell(self, answer: Answer, rejected: Path | None) -> None:
        found = answer.found
        marks = {"\t": "tab", "": "none"}
        self.stdout.write(answer.summary())
        how = f"{found['format']}, {found['encoding']}, delimiter {marks.get(found['delimiter'], found['delimiter'])}"
        if found["preset"]:
            how += f", preset {found['preset']}"
        if found.get("sheet"):
            how += f", sheet {found['sheet']}"
        self.stdout.write(f"Read as {how}{', gzip' if found['gzip'] else ''}.")
        if found.get("mended"):
            self.stdout.write(f"Rows whose extra cells were joined: {found['mended']:,}.")
        self.stdout.write(
            "Columns: " + ", ".join(f"{one} ← {_said(column)}" for one, column in found["columns"].items()) + "."
        )
        if found["notation"]:
            self.stdout.write(
                "Written as: " + "; ".join(f"{one} {said}" for one, said in found["notation"].items()) + "."
            )
        if found["unused"]:
            self.stdout.write(f"Columns not taken: {', '.join(found['unused'])}.")
        if answer.made:
            self.stdout.write(f"{'Would be made' if answer.dry_run else 'Made'}: {', '.join(answer.made)}.")
        for sentence in [*answer.notes, *answer.look_alikes]:
            self.stdout.write(sentence)
        for one in answer.refusals[:SHOWN]:
            where = (
                f"Line {one.line}"
                + (f", {one.column}" if one.column else "")
                + (f" “{one.value}”" if one.value else "")
            )
            self.stdout.write(f"{where}: {one.reason}")
        if len(answer.refusals) > SHOWN:
            self.stdout.write(f"… and {len(answer.refusals) - SHOWN:,} more refusals.")
        if rejected:
            self.stdout.write(f"Refused rows, to be mended and imported again: {rejected}")


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _read_mapping(told: str | None, kind: str) -> dict[str, Any]:
    """The mapping in a file, or the one kept under that name."""
    if told is None:
        return {}
    path = Path(told)
    if not path.exists() and (kept := kept_mapping(kind=kind, name=told)) is not None:
        return kept
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise Refused(f"{path.name} is no mapping: it must be JSON ({error}).") from None
    if not isinstance(content, dict):
        raise Refused("The mapping must be a JSON object with “columns”.")
    return content


def _said(column: Any) -> str:
    if not isinstance(column, dict):
        return str(column)
    if "const" in column:
        return f"“{column['const']}” for all"
    text = " and ".join(column["columns"]) if "columns" in column else str(column["column"])
    words = " (words mapped)" if "values" in column else ""
    where = " and ".join(f"{of} is {' or '.join(words)}" for of, words in column.get("where", {}).items())
    return f"{text}{words}{f' where {where}' if where else ''}"


def _plain(answer: Answer, rejected: Path | None) -> dict[str, Any]:
    return {
        "kind": answer.kind,
        "file": answer.file,
        "batch": answer.batch.pk if answer.batch else None,
        "dry_run": answer.dry_run,
        "read": answer.read,
        "taken": answer.taken,
        "created": answer.created,
        "changed": answer.changed,
        "equal": answer.equal,
        "refused": answer.refused,
        "stopped": answer.stopped,
        "rejects": str(rejected) if rejected else None,
        "found": answer.found,
        "made": answer.made,
        "notes": answer.notes,
        "look_alikes": answer.look_alikes,
        "refusals": [
            {"line": one.line, "column": one.column, "value": one.value, "reason": one.reason}
            for one in answer.refusals
        ],
    }
