"""This program: its settings, their check against the quotas, and the parts of a region.

No component imports it, and programs of other teams have no use for it.
"""
