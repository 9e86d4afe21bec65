"""Lets `python -m cli` run the command without installing it."""

from .main import app

if __name__ == "__main__":
    app(prog_name="realtime")
