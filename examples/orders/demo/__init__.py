"""The shop on this machine: deployed on the local cloud, with two ordering customers."""
