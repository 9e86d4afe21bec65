"""Channels of which only the newest value counts."""
