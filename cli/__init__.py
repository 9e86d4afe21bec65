"""The `./realtime` command of a checkout: the demo, and the operators' commands."""
