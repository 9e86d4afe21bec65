"""A Pulumi policy pack for programs that use the components, or write such resources themselves."""
