"""RealtimeApi at run time: who may watch a channel, who does, and how a value reaches them."""
