"""Serves the components to programs in any of Pulumi's languages.

Pulumi starts the folder (`python components <engine>`), so that its own path comes first: the
package's parent must take that place before anything else is imported.
"""

import os
import sys

if __package__:
    from .provider.host import serve
else:
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120 - see above
    from components.provider.host import serve

if __name__ == "__main__":
    serve()
