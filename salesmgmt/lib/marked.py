"""Words in simple formatting (CommonMark): headings, lists, emphasis, links, tables; never markup of one's own."""

from functools import lru_cache

import nh3
from markdown_it import MarkdownIt

TAGS = {
    "a", "blockquote", "br", "code", "em", "h2", "h3", "h4", "hr", "li", "ol", "p", "pre", "s", "strong", "table",
    "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
LEADS = {"http", "https", "mailto"}

_reader = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"]).disable("image")


@lru_cache(maxsize=256)
def marked(text: str) -> str:
    """HTML that is safe to show: what was written is escaped first, and what came of it is cleaned once more."""
    tokens = _reader.parse(text)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1]) + 1, 4)}"  # the page has its own first heading
        token.attrs.pop("style", None)
    html = _reader.renderer.render(tokens, _reader.options, {})
    attributes = {"a": {"href", "title"}, "ol": {"start"}}
    return nh3.clean(html, tags=TAGS, attributes=attributes, url_schemes=LEADS, link_rel="noopener noreferrer")
