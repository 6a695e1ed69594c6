"""Operations of migrations."""

from typing import Any

import pgtrigger.compiler
import pgtrigger.migrations
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import ProjectState


class AddTrigger(pgtrigger.migrations.AddTrigger):
    """pgtrigger's, without making every model that has to do with this one anew: a trigger changes no model.

    With some three hundred triggers that is most of what migrating an empty database costs.
    """

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        options = state.models[app_label, self.model_name].options
        options["triggers"] = [*options.get("triggers", []), self.trigger]

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        assert isinstance(self.trigger, pgtrigger.compiler.Trigger)
        schema_editor.execute(self.trigger.install_sql, params=None)


class AddIndexWhileInUse(AddIndexConcurrently):
    """An index built while others go on writing, and only where it doesn't stand; what a failed attempt left goes."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        with schema_editor.connection.cursor() as cursor:
            cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", [self.index.name])
            stands = cursor.fetchone()
        if stands == (True,):
            return
        if stands is not None:
            self.database_backwards(app_label, schema_editor, to_state, from_state)
        super().database_forwards(app_label, schema_editor, from_state, to_state)
