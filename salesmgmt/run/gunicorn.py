"""gunicorn's settings: workers with threads, so that a page that waits for news holds no worker up."""

import gc
import os
from typing import Any

bind = f"127.0.0.1:{os.environ.get('PORT') or 8000}"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
worker_class = "gthread"
threads = 8
timeout = 60
graceful_timeout = 5
keepalive = 5
max_requests = 20_000
max_requests_jitter = 2_000
limit_request_line = 8190
forwarded_allow_ips = ""  # TRUSTED_PROXIES decides, in our own middleware
control_socket_disable = True


def post_worker_init(worker: Any) -> None:
    """All that pages need is read before the first is asked for; and what the start made lives as long as the worker,
    so the collector need not walk it every time.
    """
    from django.conf import settings
    from django.template.loader import get_template
    from django.urls import reverse

    reverse("home")
    templates = settings.BASE_DIR / "templates"
    for file in templates.rglob("*.html"):
        get_template(str(file.relative_to(templates)))
    gc.collect()
    gc.freeze()
