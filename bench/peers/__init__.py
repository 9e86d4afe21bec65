"""Bad peers among good ones: what the others notice of a socket that stalls, is late or is gone."""
