"""A client's identity: tokens, tickets, and the sessions that end with them."""
