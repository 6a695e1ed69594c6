import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("targets", "0003_seasons_have_days"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SeasonChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("reason", models.CharField(max_length=200)),
                ("was", models.JSONField(default=dict)),
                ("now", models.JSONField(default=dict)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="seasonshare",
            name="one_season_share_per_bucket",
        ),
        migrations.RemoveField(
            model_name="seasonshare",
            name="is_learned",
        ),
        migrations.RemoveField(
            model_name="seasonshare",
            name="period",
        ),
        migrations.AddField(
            model_name="seasonshare",
            name="raw",
            field=models.DecimalField(
                decimal_places=4,
                help_text="As it was in earlier periods, before it was shrunk",
                max_digits=7,
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="seasonshare",
            name="bucket",
            field=models.CharField(help_text="Key: 2026-07, 2026-P07 or 2026-W31", max_length=8),
        ),
        migrations.AlterField(
            model_name="seasonshare",
            name="profile",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="shares", to="targets.seasonprofile"
            ),
        ),
        migrations.AlterField(
            model_name="seasonshare",
            name="starts_on",
            field=models.DateField(),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="seasonprofile",
            trigger=pgtrigger.compiler.Trigger(
                name="audit_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                INSERT INTO desk_auditentry (at, \"table\", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting('paceline.user_id', true), '')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ",
                    hash="06df5ada124a1456046048df3e82fb2243ba9227",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_audit_update_2f265",
                    referencing="REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ",
                    table="targets_seasonprofile",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="seasonprofile",
            trigger=pgtrigger.compiler.Trigger(
                name="audit_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO desk_auditentry (at, \"table\", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting('paceline.user_id', true), '')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;",
                    hash="32ae9ed82813c45a25076663991588d74af80282",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_audit_delete_904e9",
                    referencing="REFERENCING OLD TABLE AS old_rows ",
                    table="targets_seasonprofile",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="seasonshare",
            trigger=pgtrigger.compiler.Trigger(
                name="audit_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                INSERT INTO desk_auditentry (at, \"table\", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting('paceline.user_id', true), '')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ",
                    hash="aa677b0b777e50773b4bc993877a24a3d040083f",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_audit_update_bfa95",
                    referencing="REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ",
                    table="targets_seasonshare",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="seasonshare",
            trigger=pgtrigger.compiler.Trigger(
                name="audit_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="INSERT INTO desk_auditentry (at, \"table\", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting('paceline.user_id', true), '')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;",
                    hash="f50846eb0f60d5b424483ad586bb9831089e6a4f",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_audit_delete_06e8b",
                    referencing="REFERENCING OLD TABLE AS old_rows ",
                    table="targets_seasonshare",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="seasonprofile",
            constraint=models.CheckConstraint(
                condition=models.Q(("during__isempty", False), ("during__startswith__isnull", False)),
                name="season_is_a_range",
            ),
        ),
        migrations.AddConstraint(
            model_name="seasonprofile",
            constraint=models.UniqueConstraint(fields=("during",), name="one_season_per_period"),
        ),
        migrations.AddConstraint(
            model_name="seasonshare",
            constraint=models.UniqueConstraint(fields=("profile", "bucket"), name="one_season_share_per_bucket"),
        ),
        migrations.AddField(
            model_name="seasonchange",
            name="by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="seasonchange",
            name="profile",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="changes", to="targets.seasonprofile"
            ),
        ),
    ]
