"""This program: its settings, the quotas they are checked against, and what a region is made of.

No component imports it, and programs of other teams have no use for it.
"""
