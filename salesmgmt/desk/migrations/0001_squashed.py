"""Every table of this app as of the first release; the steps that led there are named below, for those who took them."""

import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.contrib.postgres.operations import UnaccentExtension
from django.db import migrations, models

from salesmgmt.lib.tables import CreateModels


# unaccent() is called stable because its dictionary could be changed; ours never is, and an index needs that said.
# The parser keeps addresses, paths and hyphened words whole; who searches types a part of them.
WORDS = r"""
CREATE FUNCTION plain(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT lower(public.unaccent('public.unaccent'::regdictionary, $1))
$$;
CREATE FUNCTION words(text) RETURNS tsvector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS $$
    SELECT to_tsvector('pg_catalog.simple', translate(public.plain($1), '@._/\-:', '       '))
$$;
CREATE FUNCTION words_asked(text) RETURNS tsquery LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT to_tsquery('pg_catalog.simple', string_agg(
               '''' || replace(replace(lexeme, '\', '\\'), '''', '''''') || ''':*', ' & '))
      FROM unnest(public.words($1))
$$;
"""
WORDS_GONE = "DROP FUNCTION words_asked(text); DROP FUNCTION words(text); DROP FUNCTION plain(text);"
# The owner's: web and worker can't touch audit and ledgers, and this is all they may have done there. Words are taken
# out of every text, list and JSON value there is; of audited rows named in `parts`, the named columns. Names of other
# records stay, the caller says which tables do. Last of all it writes its own row, which nobody can change.
ERASE = r"""
CREATE FUNCTION desk_erase(
    noun text, record bigint, words text[], parts jsonb, left_alone text[], digests text[], author bigint,
    moment timestamptz, reason text
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    pattern text;
    in_json text;
    one record;
    guard text;
    hits bigint;
    is_found boolean;
    touched jsonb := '{}';
    made bigint;
BEGIN
    IF EXISTS (SELECT FROM unnest(words) word WHERE length(word) < 5) THEN
        RAISE EXCEPTION 'A word to erase has five characters or more.';
    END IF;
    PERFORM set_config('lock_timeout', '5s', true);
    SET CONSTRAINTS ALL IMMEDIATE;  -- no table with checks still to come lets its triggers be touched
    SELECT '(?<![[:alnum:]])(?:' || string_agg(regexp_replace(word, '([][().*+?{}|^$\\])', '\\\1', 'g'), '|')
               || ')(?![[:alnum:]])',
           '(?<![[:alnum:]])(?:' || string_agg(regexp_replace(
               substr(to_jsonb(word)::text, 2, length(to_jsonb(word)::text) - 2), '([][().*+?{}|^$\\])', '\\\1', 'g'
           ), '|') || ')(?![[:alnum:]])'
      INTO pattern, in_json FROM unnest(words) word;
    FOR one IN
        SELECT c.table_name AS name,
               string_agg(format('%I = %s', c.column_name, CASE
                   WHEN c.data_type = 'jsonb'
                       THEN format('regexp_replace(%I::text, $2, ''erased'', ''gi'')::jsonb', c.column_name)
                   WHEN c.data_type = 'ARRAY'
                       THEN format('regexp_replace(%I::text, $1, ''erased'', ''gi'')::text[]', c.column_name)
                   WHEN c.character_maximum_length IS NOT NULL
                       THEN format('left(regexp_replace(%I, $1, ''erased'', ''gi''), %s)', c.column_name,
                                   c.character_maximum_length)
                   ELSE format('regexp_replace(%I, $1, ''erased'', ''gi'')', c.column_name) END), ', ') AS settings,
               string_agg(format('%I::text ~* %s', c.column_name,
                   CASE c.data_type WHEN 'jsonb' THEN '$2' ELSE '$1' END), ' OR ') AS condition
          FROM information_schema.columns c
          JOIN information_schema.tables t
            ON t.table_schema = c.table_schema AND t.table_name = c.table_name AND t.table_type = 'BASE TABLE'
         WHERE c.table_schema = 'public' AND pattern IS NOT NULL
           AND (c.data_type IN ('text', 'character varying', 'jsonb') OR c.udt_name IN ('_text', '_varchar'))
           AND c.is_generated = 'NEVER' AND c.table_name <> ALL (left_alone || '{desk_erasure}')
           AND c.column_name NOT IN ('external_id', 'password')
           AND (c.column_name NOT IN ('name', 'username', 'first_name', 'last_name') OR c.table_name = 'sales_deal')
         GROUP BY c.table_name
         ORDER BY c.table_name = 'desk_auditentry', c.table_name  -- what the others leave in the audit goes too
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE %s AND $1 || $2 > '''')', one.name, one.condition)
           INTO is_found USING pattern, in_json;
        CONTINUE WHEN NOT is_found;
        SELECT g.tgname INTO guard FROM pg_trigger g
         WHERE g.tgrelid = one.name::regclass AND g.tgname LIKE 'pgtrigger\_append\_only\_%';
        IF guard IS NOT NULL THEN
            EXECUTE format('ALTER TABLE %I DISABLE TRIGGER %I', one.name, guard);
        END IF;
        EXECUTE format('UPDATE %I SET %s WHERE (%s) AND $1 || $2 > ''''', one.name, one.settings, one.condition)
          USING pattern, in_json;
        GET DIAGNOSTICS hits = ROW_COUNT;
        touched := touched || jsonb_build_object(one.name, hits);
        IF guard IS NOT NULL THEN
            EXECUTE format('ALTER TABLE %I ENABLE TRIGGER %I', one.name, guard);
        END IF;
    END LOOP;
    SELECT g.tgname INTO STRICT guard FROM pg_trigger g
     WHERE g.tgrelid = 'desk_auditentry'::regclass AND g.tgname LIKE 'pgtrigger\_append\_only\_%';
    EXECUTE format('ALTER TABLE desk_auditentry DISABLE TRIGGER %I', guard);
    FOR one IN
        SELECT part->>'table' AS name, part->'columns' AS columns,
               ARRAY(SELECT value::bigint FROM jsonb_array_elements_text(part->'ids')) AS ids
          FROM jsonb_array_elements(parts) part
    LOOP
        UPDATE desk_auditentry e
           SET before = e.before || blank.columns, after = e.after || blank.columns
          FROM (SELECT jsonb_object_agg(value, NULL) AS columns FROM jsonb_array_elements_text(one.columns)) blank
         WHERE e."table" = one.name AND e.row_id = ANY (one.ids);
        touched := touched || jsonb_build_object(one.name, greatest(
            cardinality(one.ids), coalesce((touched->>one.name)::int, 0)));
    END LOOP;
    EXECUTE format('ALTER TABLE desk_auditentry ENABLE TRIGGER %I', guard);
    INSERT INTO desk_erasure (noun, record_id, at, by_id, reason, digests, touched)
    VALUES (noun, record, moment, author, coalesce(regexp_replace(reason, pattern, 'erased', 'gi'), reason), digests,
            touched)
    RETURNING id INTO made;
    RETURN made;
END $$;
"""
ERASE_GONE = "DROP FUNCTION desk_erase(text, bigint, text[], jsonb, text[], text[], bigint, timestamptz, text);"


class Migration(migrations.Migration):

    replaces = [
        ("desk", "0001_initial"),
        ("desk", "0002_everything_with_a_customer"),
        ("desk", "0003_words"),
        ("desk", "0004_erasure"),
        ("desk", "0005_erase"),
        ("desk", "0006_deliveries"),
        ("desk", "0007_notice_choices"),
        ("desk", "0007_retention"),
    ]

    initial = True

    dependencies = [
        ('teams', '0001_squashed'),
    ]

    operations = [
        UnaccentExtension(),
        migrations.RunSQL(WORDS, WORDS_GONE),
        CreateModels(
            operations=[
                migrations.CreateModel(
                    name='Mark',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('topic', models.CharField(max_length=20)),
                        ('person_id', models.BigIntegerField(help_text='Empty: everybody', null=True)),
                        ('days', django.contrib.postgres.fields.ranges.DateRangeField()),
                    ],
                    options={
                        'indexes': [models.Index(fields=['topic', 'person_id'], name='mark_by_topic')],
                    },
                ),
                migrations.CreateModel(
                    name='Notice',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notices', to=settings.AUTH_USER_MODEL)),
                        ('text', models.CharField(max_length=300)),
                        ('link', models.CharField(blank=True, max_length=300)),
                        ('at', models.DateTimeField()),
                        ('seen_at', models.DateTimeField(null=True)),
                        ('sent_at', models.DateTimeField(null=True)),
                    ],
                    options={
                        'indexes': [models.Index(fields=['user', '-at'], name='notice_by_user')],
                    },
                ),
                migrations.CreateModel(
                    name='Delivery',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('key', models.CharField(help_text='What it is about: nothing is told twice', max_length=100, unique=True)),
                        ('subject', models.CharField(blank=True, max_length=200)),
                        ('text', models.TextField(blank=True)),
                        ('html', models.TextField(blank=True)),
                        ('stop_url', models.CharField(blank=True, help_text='Where one asks for no more of them', max_length=300)),
                        ('due_at', models.DateTimeField()),
                        ('tries', models.PositiveSmallIntegerField(default=0)),
                        ('problem', models.CharField(blank=True, max_length=300)),
                        ('sent_at', models.DateTimeField(null=True)),
                        ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('calendar', models.TextField(blank=True, db_default='', help_text='An invitation (RFC 5545) that goes with it')),
                        ('topic', models.CharField(blank=True, db_default='', help_text='Whose choice of ways it follows', max_length=40)),
                    ],
                    options={
                        'verbose_name_plural': 'deliveries',
                        'indexes': [models.Index(condition=models.Q(('sent_at', None)), fields=['due_at'], name='delivery_to_send')],
                    },
                ),
                migrations.CreateModel(
                    name='MailChoice',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('digest', models.BooleanField(default=True)),
                        ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='mail_choice', to=settings.AUTH_USER_MODEL)),
                    ],
                ),
                migrations.CreateModel(
                    name='NoticeChoice',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('topic', models.CharField(max_length=40)),
                        ('way', models.CharField(choices=[('digest', 'Here, and in the daily e-mail'), ('app', 'Here only'), ('mail', 'Here, and an e-mail at once'), ('none', 'Not at all')], max_length=6)),
                        ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notice_choices', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('user', 'topic'), name='one_way_per_topic')],
                    },
                ),
                migrations.CreateModel(
                    name='IdempotencyKey',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('key', models.CharField(max_length=200)),
                        ('fingerprint', models.CharField(help_text='SHA-256 of method, path and body', max_length=64)),
                        ('status', models.PositiveSmallIntegerField(null=True)),
                        ('headers', models.JSONField(default=dict)),
                        ('body', models.TextField(default='')),
                        ('at', models.DateTimeField()),
                    ],
                    options={
                        'indexes': [models.Index(fields=['at'], name='idempotency_key_by_age')],
                        'constraints': [models.UniqueConstraint(fields=('user', 'key'), name='one_answer_per_key')],
                    },
                ),
                migrations.CreateModel(
                    name='Token',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tokens', to=settings.AUTH_USER_MODEL)),
                        ('purpose', models.CharField(choices=[('api', 'API'), ('invitation', 'Invitation'), ('calendar', 'Calendar feed'), ('mail', 'E-mail address')], max_length=12)),
                        ('digest', models.CharField(help_text='SHA-256 of the secret', max_length=64, unique=True)),
                        ('name', models.CharField(blank=True, max_length=100)),
                        ('made_at', models.DateTimeField()),
                        ('expires_at', models.DateTimeField(null=True)),
                        ('used_at', models.DateTimeField(null=True)),
                        ('revoked_at', models.DateTimeField(null=True)),
                    ],
                ),
                migrations.CreateModel(
                    name='SavedView',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='saved_views', to=settings.AUTH_USER_MODEL)),
                        ('page', models.CharField(max_length=50)),
                        ('name', models.CharField(max_length=100)),
                        ('query', models.CharField(blank=True, max_length=2000)),
                        ('is_shared', models.BooleanField(db_default=False, default=False, help_text='Everybody may use it')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('user', 'page', 'name'), name='saved_view_name_is_unique')],
                    },
                ),
                migrations.CreateModel(
                    name='Erasure',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('noun', models.CharField(choices=[('contact', 'Contact'), ('lead', 'Lead'), ('person', 'Person'), ('expired', 'Expired')], max_length=8)),
                        ('record_id', models.BigIntegerField()),
                        ('at', models.DateTimeField()),
                        ('by_id', models.BigIntegerField(help_text='Number of the user; empty: by command', null=True)),
                        ('reason', models.CharField(max_length=200)),
                        ('digests', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=64), help_text='Keyed hashes of external id and e-mail: no file brings it back', size=None)),
                        ('touched', models.JSONField(default=dict, help_text='Rows in which something was erased, by table')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['noun', 'record_id'], name='erasure_by_record')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='erasure_has_a_reason')],
                    },
                ),
                migrations.CreateModel(
                    name='Retention',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('key', models.CharField(max_length=30, unique=True)),
                        ('months', models.PositiveSmallIntegerField()),
                        ('changed_at', models.DateTimeField()),
                        ('changed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('months__gte', 1)), name='retention_is_a_month_or_more')],
                    },
                ),
                migrations.CreateModel(
                    name='AuditEntry',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('at', models.DateTimeField()),
                        ('table', models.CharField(max_length=63)),
                        ('row_id', models.BigIntegerField()),
                        ('operation', models.CharField(max_length=6)),
                        ('user_id', models.BigIntegerField(help_text='From the session setting paceline.user_id', null=True)),
                        ('before', models.JSONField()),
                        ('after', models.JSONField(null=True)),
                    ],
                    options={
                        'verbose_name_plural': 'audit entries',
                        'indexes': [models.Index(fields=['table', 'row_id'], name='audit_by_row')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('operation__in', ['UPDATE', 'DELETE'])), name='audit_operation_is_known')],
                    },
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='erasure',
                    trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='b03ae8c97edd47305ba883926a995deb0823d51f', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_30caa', table='desk_erasure', when='BEFORE')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='retention',
                    trigger=pgtrigger.compiler.Trigger(name='audit_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n                INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after)\n                SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), to_jsonb(n)\n                  FROM old_rows o JOIN new_rows n USING (id)\n                 WHERE to_jsonb(o) IS DISTINCT FROM to_jsonb(n);\n                RETURN NULL;\n            ', hash='d50e022fd36a7a5c0ee9393a4c2fdd8a6a1f325e', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_audit_update_9eac5', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='desk_retention', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='retention',
                    trigger=pgtrigger.compiler.Trigger(name='audit_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO desk_auditentry (at, "table", row_id, operation, user_id, before, after) SELECT now(), TG_TABLE_NAME, o.id, TG_OP, nullif(current_setting(\'paceline.user_id\', true), \'\')::bigint, to_jsonb(o), NULL FROM old_rows o; RETURN NULL;', hash='63a82f4e99298324535a38162ff5636dcd1d9d17', level='STATEMENT', operation='DELETE', pgid='pgtrigger_audit_delete_4f64f', referencing='REFERENCING OLD TABLE AS old_rows ', table='desk_retention', when='AFTER')),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name='auditentry',
                    trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='8d573684a96899c8eae4782a503c57c769e12f67', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_65b9c', table='desk_auditentry', when='BEFORE')),
                ),
            ],
        ),
        migrations.RunSQL(ERASE, ERASE_GONE),
    ]
