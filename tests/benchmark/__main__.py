"""Every benchmark, one after the other: `make bench`.

The peers pandas and polars get an environment of their own in `.bench/`, made on the first run.
"""

import shutil
import subprocess
import sys
import venv

from tests.benchmark.files import BENCH

_PEERS = BENCH / "venv"
_BENCHMARKS = ("start", "selection", "growth", "refresh", "download", "cluster")


def main() -> None:
    """Makes what is missing and runs them all; each prints its tables in Markdown."""
    shutil.rmtree(BENCH / "installed", ignore_errors=True)  # it may be of an older checkout
    if not _PEERS.exists():
        venv.create(_PEERS, with_pip=True)
        pip = _PEERS / "bin" / "pip"
        subprocess.run([pip, "install", "--quiet", "pandas", "polars"], check=True)
    for name in _BENCHMARKS:
        print(f"\n## {name}\n", flush=True)
        subprocess.run([sys.executable, "-m", f"tests.benchmark.{name}"], check=True)


if __name__ == "__main__":
    main()
