#!/usr/bin/env python
"""Paceline's command line."""

import os
import sys

# These change tables or empty them, so they work as the database's owner (DATABASE_OWNER_URL).
OWNERS_COMMANDS = {"migrate", "sqlmigrate", "makemigrations", "pgtrigger", "flush", "backup", "restore", "seed_demo"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salesmgmt.settings")
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
