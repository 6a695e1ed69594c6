"""Drain stale marks now."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand

from performance.services import rollups, snapshots


class Command(BaseCommand):
    help = "Bring every rollup up to date with what has been marked as changed."

    def handle(self, *args: Any, **options: Any) -> None:
        done = 0
        drains: list[Callable[[], int]] = [partial(rollups.drain, topic) for topic in rollups.TOPICS]
        for drain in (*drains, *snapshots.DRAINERS):
            while portion := drain():
                done += portion
        self.stdout.write(f"{done} marks drained.")
