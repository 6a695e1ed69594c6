"""Drain stale marks now."""

from typing import Any

from django.core.management.base import BaseCommand

from performance.services import rollups


class Command(BaseCommand):
    help = "Bring every rollup up to date with what has been marked as changed."

    def handle(self, *args: Any, **options: Any) -> None:
        done = 0
        for topic in rollups.TOPICS:
            while portion := rollups.drain(topic):
                done += portion
        self.stdout.write(f"{done} marks drained.")
