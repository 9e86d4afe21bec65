"""The first seed's design, built as it describes it: the baseline of the measurements, not a part
of the product. What it leaves out is left out here too: versions, snapshots, batching, conflation.
"""
