"""Orders: their API, the stock they take from and the payments they make."""
