"""The shop on this machine: deployed on the local cloud, with two customers who order."""
