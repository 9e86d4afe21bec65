"""Signed HTTP: posts of one payload to many connections (docs/adr/0005), and single calls (0019).

Knows nothing of realtime.
"""
