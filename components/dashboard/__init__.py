"""The dashboard's hosting on CloudFront. `files` is pure, so that the local server uses it too."""
