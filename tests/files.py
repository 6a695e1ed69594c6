"""Files that a page gives."""

from typing import Any


def content_of(answer: Any) -> bytes:
    """Of a download, all its parts."""
    return b"".join(answer.streaming_content)
