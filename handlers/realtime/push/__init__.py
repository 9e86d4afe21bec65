"""Posts one payload to many connections, fast, by a client of our own; see docs/adr/0005."""
