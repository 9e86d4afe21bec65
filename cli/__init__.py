"""The `realtime` command: what a person does with the platform from a terminal."""
