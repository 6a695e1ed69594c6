#!/usr/bin/env python
"""Paceline's command line."""

import json
import os
import sys
from pathlib import Path

# These change tables or empty them, so they work as the database's owner (DATABASE_OWNER_URL).
OWNERS_COMMANDS = {"migrate", "sqlmigrate", "makemigrations", "pgtrigger", "flush", "backup", "restore", "seed_demo"}


def join_what_runs_here() -> None:
    """Beside a running `make run`, work on its database: its start leaves what it runs with in VAR/environment."""
    told = Path(__file__).parent / os.environ.get("VAR", "var") / "environment"
    if not {"DATABASE_URL", "SECRET_KEY"} & set(os.environ) and told.is_file():
        os.environ.update(json.loads(told.read_text()))


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salesmgmt.settings")
    join_what_runs_here()
    if OWNERS_COMMANDS & set(sys.argv[1:2]):
        os.environ["AS_DATABASE_OWNER"] = "1"
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
