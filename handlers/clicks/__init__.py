"""The click pipeline: counts every click exactly once and publishes the new total (`aggregate`)."""
