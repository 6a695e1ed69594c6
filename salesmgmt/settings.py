"""Settings, all from the environment (README, "Operating"). A wrong value stops the start with one sentence."""

import logging
import sys
import zoneinfo
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from marshmallow import ValidationError

from salesmgmt.env import Environment, base_url, database, next_redis_database, redis_url
from salesmgmt.logging import configure as configure_logging

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()
env.parser_for("database")(lambda value, **_: database(value))
env.parser_for("redis")(lambda value, **_: redis_url(value))
env.parser_for("base_url")(lambda value, **_: base_url(value))


@env.parser_for("zone")
def _zone(value: str, **_: object) -> str:
    if value not in zoneinfo.available_timezones():
        raise ValidationError(f"there is no time zone “{value}”; a name reads like Europe/Berlin.")
    return value


@env.parser_for("networks")
def _networks(value: str, **_: object) -> list[object]:
    try:
        return [ip_network(part.strip()) for part in value.split(",") if part.strip()]
    except ValueError as error:
        raise ValidationError(f"{error}; it is a list of addresses or networks with commas between.") from None


DEBUG: bool = env.read("bool", "DEBUG", False)
DEMO: bool = env.read("bool", "DEMO", False)
BASE_URL: str = env.read("base_url", "BASE_URL", f"http://localhost:{env.read('int', 'PORT', 8000)}")
if env.read("int", "WEB_CONCURRENCY", 2) < 1:
    raise ImproperlyConfigured("WEB_CONCURRENCY is wrong: at least one process has to answer.")
VAR = Path(env.read("str", "VAR", BASE_DIR / "var")).absolute()

INSECURE_KEY = "for-debug-and-demo-only-never-where-real-people-log-in"
SECRET_KEY: str = env.read("str", "SECRET_KEY", INSECURE_KEY) if DEBUG or DEMO else env.read("str", "SECRET_KEY")
if len(SECRET_KEY) < 32 or (SECRET_KEY == INSECURE_KEY and not (DEBUG or DEMO)):
    raise ImproperlyConfigured("SECRET_KEY is wrong: it needs at least 32 characters that nobody can guess.")

ALLOWED_HOSTS: list[str] = env.read("list", "ALLOWED_HOSTS", [])
ALLOWED_HOSTS = ALLOWED_HOSTS or sorted({"localhost", "127.0.0.1", "[::1]", urlsplit(BASE_URL).hostname or "localhost"})
if "*" in ALLOWED_HOSTS and not DEBUG:
    raise ImproperlyConfigured("ALLOWED_HOSTS is wrong: “*” lets anyone choose the host in our links; name the hosts.")
CSRF_TRUSTED_ORIGINS = [BASE_URL]
TRUSTED_PROXIES = env.read("networks", "TRUSTED_PROXIES", [])

INSTALLED_APPS = [
    "salesmgmt.desk.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "pgtrigger",
    "axes",
    "csp",
    "django_htmx",
    "django_filters",
    "django_structlog",
    "rest_framework",
    "drf_spectacular",
    "salesmgmt.desk",
    "teams",
    "sales",
    "targets",
    "performance",
    "coaching",
    "recognition",
    "salesmgmt.exchange",
    "salesmgmt.pages",
]

MIDDLEWARE = [
    "performance.middleware.LiveStampMiddleware",
    "salesmgmt.middleware.TrustedProxiesMiddleware",
    "salesmgmt.middleware.CostMiddleware",
    "salesmgmt.middleware.BodyLimitMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "salesmgmt.middleware.PermissionsPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "salesmgmt.middleware.PrivateMiddleware",
    "salesmgmt.health.HealthMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "salesmgmt.desk.middleware.ActingUserMiddleware",
    "salesmgmt.middleware.KeepingLoginRequiredMiddleware",
    "teams.middleware.TimeZoneMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "salesmgmt.urls"
WSGI_APPLICATION = "salesmgmt.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "salesmgmt.pages.context.shell",
            ],
        },
    },
    {  # rows of long lists, by {% compiled %}
        "NAME": "compiled",
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {"environment": "salesmgmt.pages.compiled.environment"},
    },
]

# Two roles: the owner migrates and restores (manage.py says so), web and worker can't change tables, ledgers or audit.
_app_database = env.read("database", "DATABASE_URL")
_owner_database = env.read("database", "DATABASE_OWNER_URL", _app_database)
DATABASE_APP_ROLE = _app_database.get("USER", "") if _app_database != _owner_database else ""
DATABASES = {
    "default": (_owner_database if env.read("bool", "AS_DATABASE_OWNER", False) else _app_database)
    | {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
}
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
APPEND_ONLY_TABLES = [  # ledgers and audit: the application's role may add to them, never change or remove
    "sales_credit",
    "sales_outcome",
    "targets_quotaentry",
    "targets_strategy",
    "targets_announcement",
    "targets_announcedfigure",
    "targets_response",
    "targets_responseaccount",
    "targets_answer",
    "targets_planapproval",
    "targets_budgetentry",
    "targets_expense",
    "performance_call",
    "performance_reportrecipient",
    "coaching_disputeevent",
    "coaching_remedyshare",
    "recognition_statementline",
    "recognition_rewardpoints",
    "desk_auditentry",
    "desk_erasure",
]
PG_BIN: str = env.read("str", "PG_BIN", "")  # where pg_dump and pg_restore are, if not on the PATH
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "teams.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/login/"
PASSWORD_RESET_TIMEOUT = int(timedelta(hours=72).total_seconds())

AXES_HANDLER = "axes.handlers.database.AxesDatabaseHandler"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_CLIENT_IP_CALLABLE = "salesmgmt.middleware.client_address"
AXES_VERBOSE = False
AXES_LOCKOUT_CALLABLE = "teams.views.locked_out"

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = int(timedelta(days=14).total_seconds())
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"

IS_HTTPS = BASE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IS_HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")  # taken off by the middleware unless a trusted proxy
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
PERMISSIONS_POLICY = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}

MAX_BODY = 64 * 1024 * 1024  # an upload; what is larger is answered 413 before it is read
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
DATA_UPLOAD_MAX_NUMBER_FILES = 10
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o600

LANGUAGE_CODE = "en-gb"
TIME_ZONE: str = env.read("zone", "TIME_ZONE", "UTC")  # of the first organisation; later its own decides
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = Path(env.read("str", "FILES", VAR / "files")).absolute()
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

REDIS_URL: str = env.read("redis", "REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": next_redis_database(REDIS_URL),
        "OPTIONS": {"socket_timeout": 0.5, "socket_connect_timeout": 0.2},
    }
}

LEARNED_FOR = 600  # seconds for which what is learned from the past is kept

_email = env.read("dj_email_url", "EMAIL_URL", {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"})
if "EMAIL_BACKEND" not in _email:
    raise ImproperlyConfigured("EMAIL_URL is wrong: it must read submission://user:password@host:587.")
EMAIL_BACKEND: str = _email["EMAIL_BACKEND"]
EMAIL_FILE_PATH: str = _email.get("EMAIL_FILE_PATH") or ""
EMAIL_HOST: str = _email.get("EMAIL_HOST") or "localhost"
EMAIL_PORT: int = _email.get("EMAIL_PORT") or 25
EMAIL_HOST_USER: str = _email.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD: str = _email.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS: bool = _email.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL: bool = _email.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = _email.get("DEFAULT_FROM_EMAIL", f"paceline@{urlsplit(BASE_URL).hostname}")

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "salesmgmt.desk.rest.BearerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_THROTTLE_CLASSES": ["salesmgmt.desk.rest.PerMinute"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["salesmgmt.desk.rest.JSONParser"],
    "DEFAULT_FILTER_BACKENDS": [
        "django_filters.rest_framework.DjangoFilterBackend",
        "rest_framework.filters.OrderingFilter",
    ],
    "DEFAULT_PAGINATION_CLASS": "salesmgmt.desk.rest.Cursor",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "salesmgmt.desk.rest.answer_problem",
    "COERCE_DECIMAL_TO_STRING": True,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Paceline",
    "DESCRIPTION": "Sales management: plan, log, measure, flag, coach, recognise.",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_NAME_OVERRIDES": {
        "ActivityKind": "sales.models.Activity.Kind",
        "CustomFieldNoun": "sales.models.CustomField.Noun",
        "MergeNoun": "sales.models.Merge.Noun",
        "CreditKind": "sales.models.CreditShare.Kind",
        "QuotaEntryKind": "targets.models.QuotaEntry.Kind",
        "QuotaProposalKind": "targets.models.QuotaProposal.Kind",
        "QuotaProposalState": "targets.models.QuotaProposal.State",
        "AnswerKind": "targets.models.Answer.Kind",
        "OfferState": "targets.models.Offer.State",
        "AwardKind": "recognition.models.AwardKind",
        "ForecastCategory": "sales.models.ForecastCategory",
        "DealStatus": "sales.models.Deal.Status",
        "DeliveryProblemKind": "sales.models.DeliveryProblem.Kind",
        "FeedbackKind": "sales.models.Feedback.Kind",
        "RefundKind": "sales.models.Refund.Kind",
        "TimeEntryKind": "sales.models.TimeEntry.Kind",
        "RecommendationKind": "sales.models.Recommendation.Kind",
        "DealLineRecurs": "sales.models.DealLine.Recurs",
        "TaskRecurs": "sales.models.Task.Recurs",
        "BulkActKind": "sales.models.BulkAct.Act",
        "LeadDisqualifiedFor": "sales.models.Lead.Reason",
        "CaseState": "coaching.models.Case.State",
        "MeetingState": "coaching.models.OneOnOne.State",
        "PulseKind": "coaching.models.Pulse.Kind",
        "BatchState": "salesmgmt.exchange.models.Batch.State",
        "LadderOutcome": "coaching.models.Ladder.Outcome",
        "LadderStepState": "coaching.models.LadderStep.State",
        "LadderDecisionOutcome": "coaching.models.LadderDecision.Outcome",
        "LadderDecisionState": "coaching.models.LadderDecision.State",
        "ExitReason": "coaching.models.Exit.Reason",
        "GoalState": "coaching.models.Goal.State",
        "PlayState": "coaching.models.Play.State",
        "LessonKind": "coaching.models.Lesson.Kind",
        "CourseRuleKind": "coaching.models.CourseRule.Kind",
        "DisputeSubject": "coaching.models.Dispute.Subject",
        "DisputeGround": "coaching.models.Dispute.Ground",
        "DisputeState": "coaching.models.Dispute.State",
        "DisputeOutcome": "coaching.models.Decision.Outcome",
        "CoachingPlanKind": "coaching.models.CoachingPlan.Kind",
        "PersonRole": "teams.models.Role",
        "CaseStep": "coaching.models.Step",
        "CaseCause": "coaching.models.Case.CAUSES",
        "CaseSource": "coaching.models.Case.Source",
        "CaseAsk": "coaching.models.Case.Ask",
        "CaseOutcome": "coaching.models.Case.Outcome",
        "LadderStepKind": "coaching.models.LadderStep.Kind",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "salesmgmt.api.describe_problems",
    ],
}

DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_CELERY_DEFAULT_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
LOGGING_CONFIG = None
configure_logging(pretty=DEBUG or sys.stderr.isatty())

SHOW_COST: bool = env.read("bool", "SHOW_COST", DEBUG or DEMO)  # X-Query-Count and Server-Timing on each answer

SENTRY_DSN: str = env.read("str", "SENTRY_DSN", "")
if SENTRY_DSN:
    import sentry_sdk

    try:
        sentry_sdk.init(dsn=SENTRY_DSN, send_default_pii=False)
    except Exception:
        raise ImproperlyConfigured("SENTRY_DSN is wrong: it must read https://key@host/project.") from None
