"""Programs of other teams, which use the platform by its public parts alone."""
