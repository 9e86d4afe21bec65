"""The `realtime` command. Its packages come with the extra `local`."""

import sys


def main() -> None:
    try:
        from realtime_platform.localcloud.command.main import app  # noqa: PLC0415 - may be missing
    except ModuleNotFoundError as error:
        sys.exit(
            f"the command needs the package {error.name}, which the extra `local` brings:"
            " pip install 'realtime-platform[local]'"
        )
    app(prog_name="realtime")
