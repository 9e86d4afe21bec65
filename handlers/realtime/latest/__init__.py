"""`latest` channels: each subscriber ends on the newest value, and may be spared those before."""
