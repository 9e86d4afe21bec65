"""One module for each Lambda function, and `runtime`, which puts together what they share."""
