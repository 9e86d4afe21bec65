"""The click pipeline: counts every click exactly once and pushes the new total (`aggregate`)."""
