"""Serves the components to programs in any of Pulumi's languages.

Pulumi starts the folder (`python components <engine>`), which makes its modules top-level ones, and
`queue` would be taken for Python's own: nothing else may be imported before that is set right.
"""

import os
import sys

if __package__:
    from .provider import serve
else:
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120 - see above
    from components.provider import serve

if __name__ == "__main__":
    serve()
