"""Words about somebody who is erased stand in tables, too, to which web and worker may only add."""

from django.db import migrations

# The owner's, as `desk_erase` is: text that stands in some columns of some rows is replaced, and nothing else.
BLANK = r"""
CREATE FUNCTION desk_blank(kept text, ids bigint[], columns text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    guard text;
    settings text;
BEGIN
    IF kept IN ('desk_auditentry', 'desk_erasure') THEN
        RAISE EXCEPTION 'What was done is not blanked.';
    END IF;
    PERFORM set_config('lock_timeout', '5s', true);
    SET CONSTRAINTS ALL IMMEDIATE;
    SELECT g.tgname INTO STRICT guard FROM pg_trigger g
     WHERE g.tgrelid = kept::regclass AND g.tgname LIKE 'pgtrigger\_append\_only\_%';
    SELECT string_agg(format('%1$I = CASE WHEN %1$I = '''' THEN '''' ELSE ''Erased'' END', name), ', ')
      INTO settings FROM unnest(columns) name;
    EXECUTE format('ALTER TABLE %I DISABLE TRIGGER %I', kept, guard);
    EXECUTE format('UPDATE %I SET %s WHERE id = ANY ($1)', kept, settings) USING ids;
    EXECUTE format('ALTER TABLE %I ENABLE TRIGGER %I', kept, guard);
END $$;
"""
BLANK_GONE = "DROP FUNCTION desk_blank(text, bigint[], text[]);"


class Migration(migrations.Migration):
    dependencies = [("desk", "0001_squashed")]

    operations = [migrations.RunSQL(BLANK, BLANK_GONE)]
