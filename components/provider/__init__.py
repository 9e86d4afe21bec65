"""The provider that serves the components to programs in every Pulumi language."""
