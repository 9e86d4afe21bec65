"""From a value to every screen: the audience, its posts, what failed, and the pace of it all."""
