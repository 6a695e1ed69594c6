"""make bench: what the pages that matter cost, beside a reference view on the same server."""
