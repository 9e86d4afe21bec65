"""The shop's orders: a project of its own, with its own stacks, functions and tests."""
