"""AWS resources, each with the others that it needs, for components of any team."""
