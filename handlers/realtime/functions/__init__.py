"""One module for each Lambda function; `runtime` and `tables` put together their shared parts."""
