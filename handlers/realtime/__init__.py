"""RealtimeApi at run time: admits connections, keeps subscriptions, and pushes values."""
