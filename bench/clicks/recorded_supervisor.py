"""The local cloud's own supervisor, starting the emulator beside this file in place of its own."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))
from localcloud import supervisor

if __name__ == "__main__":
    supervisor.__file__ = __file__  # it takes the emulator that lies beside it
    sys.exit(supervisor.main())
