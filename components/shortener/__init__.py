"""The URL shortener: links, their API, and the pipeline that counts each click once."""
