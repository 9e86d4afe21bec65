"""AWS resources with what they cannot live without, for components of any team."""
