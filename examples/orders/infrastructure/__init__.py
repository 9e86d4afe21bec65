"""The shop's part of the cloud: its services, its saga and its API."""
