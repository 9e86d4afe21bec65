"""The `realtime` command for any program with a RealtimeApi: `dev`, `publish` and `watch`."""
