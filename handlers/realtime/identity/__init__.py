"""Who a client is: tokens, tickets, and the sessions that end with them."""
