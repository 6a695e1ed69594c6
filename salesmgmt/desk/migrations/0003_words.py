from django.contrib.postgres.operations import UnaccentExtension
from django.db import migrations

# unaccent() is called stable because its dictionary could be changed; ours never is, and an index needs that said.
# The parser keeps addresses, paths and hyphened words whole; who searches types a part of them.
FUNCTIONS = r"""
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
GONE = "DROP FUNCTION words_asked(text); DROP FUNCTION words(text); DROP FUNCTION plain(text);"


class Migration(migrations.Migration):
    dependencies = [("desk", "0002_everything_with_a_customer")]
    operations = [UnaccentExtension(), migrations.RunSQL(FUNCTIONS, GONE)]
