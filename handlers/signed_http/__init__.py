"""Posts one payload to many connections over signed HTTP; see docs/adr/0005.

Knows nothing of realtime.
"""
