"""Structured logs: JSON lines for machines, coloured ones for a terminal; each carries the request's id."""

import logging.config
import re
from typing import Any

import structlog

SECRET = re.compile(r"(/(?:f|invitation)/)[^/\s?]+")


def hide_secrets(logger: Any, name: str, event: Any) -> Any:
    """An address that opens something by its secret is no line in a log."""
    if isinstance(event.get("request"), str):
        event["request"] = SECRET.sub(r"\1…", event["request"])
    return event


SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    hide_secrets,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure(*, pretty: bool) -> None:
    """Send structlog and the standard library's loggers through one handler to stderr."""
    if pretty:
        renderer: Any = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    else:
        renderer = structlog.processors.JSONRenderer()
    # Without the frames' locals: they hold passwords, tokens and what people wrote.
    plain = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    frames = [] if pretty else [structlog.processors.ExceptionRenderer(plain)]
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "lines": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": SHARED,
                    "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *frames, renderer],
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
            "root": {"handlers": ["stderr"], "level": "INFO"},
            "loggers": {
                "django.request": {"level": "ERROR"},
                "axes": {"level": "WARNING"},
                # a line for each of a day's 86,400 rounds would hide the others
                "celery.beat": {"level": "WARNING"},
                "celery.worker.strategy": {"level": "WARNING"},
                "celery.app.trace": {"level": "WARNING"},
            },
        }
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
