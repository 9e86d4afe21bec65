"""Side-by-side measurements: every figure is taken with its baseline in the same run."""
