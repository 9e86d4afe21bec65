"""What a figure was taken on, because it means little without."""

import os
import platform
import ssl
from pathlib import Path


def described() -> dict[str, str]:
    return {
        "processor": f"{os.cpu_count()} x {_processor()} ({platform.machine()})",
        "python": platform.python_version(),
        "openssl": ssl.OPENSSL_VERSION,
        "system": f"{platform.system()} {platform.release()}",
        "load_average": f"{os.getloadavg()[0]:.1f}",
    }


def sentence(machine: dict[str, str], rounds: int) -> str:
    """Under a table: on what it was taken, and how much else that machine had to do."""
    return (
        f"{rounds} rounds on {machine['processor']}, Python {machine['python']}; load average at"
        f" the start {machine['load_average']}."
    )


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.is_file():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown processor"
