"""Posts frames to the subscribers of a channel, by the publisher itself and by workers."""
