"""How long a number takes to a million screens: a simulation, with the engine's own code in it."""
