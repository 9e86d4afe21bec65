"""What runs in the cloud. Imports are relative: the folder ships as the package `handlers`."""
