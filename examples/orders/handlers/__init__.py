"""The functions. Imports are relative, because the folder ships as the package `handlers`."""
