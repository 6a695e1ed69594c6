"""Operations of migrations."""

from typing import Any

import pgtrigger.compiler
import pgtrigger.migrations
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
