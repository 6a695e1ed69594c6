"""Take mails into the activity log: one from a mail server's pipe, or a mailbox file."""

import mailbox
import os
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sales.services import receive_mail
from salesmgmt.desk.wake import wake
from salesmgmt.lib import clock
from salesmgmt.lib.mail import LARGEST


class Command(BaseCommand):
    help = (
        "Log e-mails that came in by somebody's own address. Reads one message (RFC 5322) from standard input, or "
        "every message of a mailbox file (mbox). A message that came before is not logged again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", default="-", help="A mailbox or a message; “-” is standard input")
        parser.add_argument(
            "--to",
            default=os.environ.get("ORIGINAL_RECIPIENT", ""),
            help="The envelope's recipient, where the message doesn't name it (Postfix sets ORIGINAL_RECIPIENT)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        counted: Counter[str] = Counter()
        for raw in _messages(options["file"]):
            done = receive_mail(raw=raw, at=clock.now(), to=options["to"])
            counted[done.state] += 1
            if done.why:
                self.stderr.write(f"{done.state}: {done.why}")
        if counted["logged"]:
            wake("activities")
        states = ("logged", "kept", "known", "ignored")
        self.stdout.write(", ".join(f"{counted[state]} {state}" for state in states))


def _messages(file: str) -> Iterator[bytes]:
    if file == "-":
        yield sys.stdin.buffer.read(LARGEST + 1)
        return
    path = Path(file)
    if not path.is_file():
        raise CommandError(f"There is no file {file}.")
    with path.open("rb") as opened:
        is_mailbox = opened.read(5) == b"From "
    if not is_mailbox:
        with path.open("rb") as opened:
            yield opened.read(LARGEST + 1)
        return
    box = mailbox.mbox(path, create=False)
    try:
        for key in box.iterkeys():
            with box.get_file(key) as opened:
                yield opened.read(LARGEST + 1)
    finally:
        box.close()
