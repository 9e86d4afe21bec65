"""What each mechanism of the engine is worth: the simulations with one of them switched off."""
