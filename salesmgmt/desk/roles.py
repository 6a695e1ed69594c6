"""What the database role of web and worker may do: work with rows, and only add to ledgers and audit."""

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper

ALL_ROWS = "SELECT, INSERT, UPDATE, DELETE"


def grant(connection: BaseDatabaseWrapper) -> None:
    """Give the application's role its rights on every table there is; run after each migration, by the owner."""
    role = settings.DATABASE_APP_ROLE
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s AND rolname <> current_user", [role])
        if not cursor.fetchone():
            return
        app = connection.ops.quote_name(role)
        cursor.execute(
            "SELECT relname, relkind FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relowner = current_user::regrole AND relkind IN ('r', 'p', 'v', 'm', 'S') ORDER BY relname"
        )
        for name, kind in cursor.fetchall():
            kept_whole = name in settings.APPEND_ONLY_TABLES
            rights = "USAGE, SELECT" if kind == "S" else "SELECT, INSERT" if kept_whole else ALL_ROWS
            what = f"{'SEQUENCE' if kind == 'S' else 'TABLE'} {connection.ops.quote_name(name)}"
            if kept_whole:
                cursor.execute(f"REVOKE UPDATE, DELETE ON {what} FROM {app}")
            cursor.execute(f"GRANT {rights} ON {what} TO {app}")
        # What an owner's function makes later, partitions for one, is the application's to work with too.
        cursor.execute(f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {ALL_ROWS} ON TABLES TO {app}")
        cursor.execute(f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {app}")
