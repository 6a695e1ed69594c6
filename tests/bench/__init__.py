"""make bench: what pages cost beside a plain view, measured in the same run on the same server."""
