"""Posts per CPU-second: the push client beside other ways to post, against one loopback server."""
