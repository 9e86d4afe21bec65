"""`every` channels: messages are numbered without gaps, kept for a while and recovered."""
