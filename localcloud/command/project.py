"""A Pulumi program in a folder, as the Pulumi CLI would run it, again and again in one process."""

import importlib
import os
import runpy
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from .. import StackConfig, StackFileError, stack_config
from ..stackfile import REGION, project_config

DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True)
class Project:
    folder: Path
    stack: str

    def config(self) -> StackConfig:
        """As the files have it now. A stack needs no file here; without a region it has one."""
        if not (self.folder / "__main__.py").is_file():
            raise StackFileError(
                f"the folder must hold a Pulumi program in Python, and {self.folder} has no"
                " __main__.py. Programs in other languages deploy with the Pulumi CLI."
            )
        if (self.folder / f"Pulumi.{self.stack}.yaml").exists():
            config = stack_config(self.folder, self.stack)
        else:
            config = project_config(self.folder, self.stack)
        return replace(config, values={REGION: DEFAULT_REGION, **config.values})

    def run(self) -> None:
        """Imports the project's own modules anew each time, as a new process would."""
        importlib.invalidate_caches()
        for name in self._own_modules():
            del sys.modules[name]
        runpy.run_path(str(self.folder / "__main__.py"), run_name="__main__")

    def enter(self) -> None:
        """Makes the folder the working directory and the first place of imports, as Pulumi does.

        Python takes bytecode for current within a second of a change, so none is written.
        """
        os.chdir(self.folder)
        sys.path.insert(0, str(self.folder))
        sys.dont_write_bytecode = True

    def _own_modules(self) -> Sequence[str]:
        installed = Path(sys.prefix)
        own: list[str] = []
        for name, module in sys.modules.items():
            file = getattr(module, "__file__", None)
            if file and name != "__main__" and Path(file).is_relative_to(self.folder):
                own += [] if Path(file).is_relative_to(installed) else [name]
        return own
