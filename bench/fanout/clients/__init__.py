"""The ways to post that are compared. Each runs in a process of its own, and does nothing else."""
