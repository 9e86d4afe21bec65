"""In-memory twins of the ports.

A twin passes the same contract tests as the adapter it stands for.
"""
