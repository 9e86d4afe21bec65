"""Channels of events: numbered without gaps, kept for a while, recovered after a reconnect."""
