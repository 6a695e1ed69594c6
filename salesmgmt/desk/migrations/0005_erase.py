from django.db import migrations

# The owner's: web and worker can't touch audit and ledgers, and this is all they may have done there. Words are taken
# out of every text, list and JSON value there is; of audited rows named in `parts`, the named columns. Names of other
# records stay, the caller says which tables do. Last of all it writes its own row, which nobody can change.
FUNCTION = r"""
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
GONE = "DROP FUNCTION desk_erase(text, bigint, text[], jsonb, text[], text[], bigint, timestamptz, text);"


class Migration(migrations.Migration):
    dependencies = [("desk", "0004_erasure")]
    operations = [migrations.RunSQL(FUNCTION, GONE)]
