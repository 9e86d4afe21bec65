"""The functions as they are usually written: a client of boto3 for each service, made on import.

They have no types, as such functions have none, so pyright checks them as `basic`.
"""
