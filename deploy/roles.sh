#!/bin/sh
# Run once by PostgreSQL's image: the owner migrates, the application's role works with rows only.
set -eu
psql --set ON_ERROR_STOP=1 --set owner="$OWNER_PASSWORD" --set app="$APP_PASSWORD" --username "$POSTGRES_USER" <<'SQL'
CREATE ROLE paceline_owner LOGIN CREATEDB PASSWORD :'owner';
CREATE ROLE paceline LOGIN PASSWORD :'app';
GRANT paceline TO paceline_owner;
CREATE DATABASE paceline OWNER paceline_owner;
SQL
