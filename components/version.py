"""The version of the package: of its wheel and of its schema."""

VERSION = "0.1.0"
