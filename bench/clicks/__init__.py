"""Clicks per second, calls, units and money of the project's pipeline beside the first seed's."""
