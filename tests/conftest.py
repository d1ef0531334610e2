"""What many tests need: a small dataset and ways to run the program for real."""

import gzip
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hotdog_sql.cli.main import main
from hotdog_sql.demo.server import serve
from hotdog_sql.download_options import transport_name
from tests.support.loopback import LoopbackServer
from tests.support.openimages import IMAGE_COLUMNS, boxed_open_images, image_row, write_csv
from tests.support.truth import lines

Run = Callable[..., subprocess.CompletedProcess[str]]

ROOT = Path(__file__).parent.parent

#: The modules whose tests run on both transports.
_ON_BOTH = ("download.test_faults", "download.test_http")
#: The modules whose tests run on both, on the second one among the slow tests.
_ON_BOTH_SLOWLY = (
    *("download.test_hosts", "download.test_hostile"),
    *("refresh.test_attacks", "refresh.test_bodies", "refresh.test_faults"),
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    module = metafunc.module.__name__.removeprefix("tests.")
    if module in _ON_BOTH:
        metafunc.parametrize("transport", ["httpx", "pyreqwest"], indirect=True)
    if module in _ON_BOTH_SLOWLY:
        second = pytest.param("httpx", marks=pytest.mark.slow)
        metafunc.parametrize("transport", ["pyreqwest", second], indirect=True)


@pytest.fixture(autouse=True)
def transport(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The transport of this test and of the processes that it starts."""
    if hasattr(request, "param"):
        pytest.importorskip(request.param)
        monkeypatch.setenv("HOTDOG_SQL_TRANSPORT", request.param)
    transport_name.cache_clear()
    yield
    transport_name.cache_clear()


@pytest.fixture(scope="session", autouse=True)
def signals_are_heard() -> None:
    """A shell's background ignores Ctrl-C, nohup a closed terminal; children inherit that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session")
def small_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small Open Images' test split: 300 images with 12 hot dogs in boxes."""
    folder = tmp_path_factory.mktemp("data")
    boxed_open_images().write(folder)
    return folder


@pytest.fixture(scope="session")
def real_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real validation labels and classes, and an image file made from their ImageIDs."""
    real = ROOT.parent / "shared" / "openimages"
    if not real.is_dir():
        pytest.skip("the real Open Images files are not at hand")
    folder = tmp_path_factory.mktemp("real")
    shutil.copy(real / "oidv6-class-descriptions.csv", folder)
    labels = folder / "validation-annotations-human-imagelabels.csv"
    with gzip.open(real / f"{labels.name}.gz") as packed, labels.open("wb") as file:
        shutil.copyfileobj(packed, file)
    ids = sorted({row[0] for row in lines(labels)})
    assert len(ids) == 41_620
    images = (image_row(image, "validation") for image in ids)
    write_csv(folder / "validation-images-with-rotation.csv", IMAGE_COLUMNS, images)
    return folder


def run_process(
    command: list[str],
    folder: Path,
    code: int = 0,
    timeout: float = 60,
    /,
    stdin: str = "",
    **variables: str,
) -> subprocess.CompletedProcess[str]:
    """Runs a program in a folder, without this process's settings; it must end with this code."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("HOTDOG_SQL_")
    }
    done = subprocess.run(
        command,
        cwd=folder,
        input=stdin,
        env=environment | variables,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=timeout,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done


@contextmanager
def started(
    *arguments: str | Path, variables: dict[str, str], stderr: int = subprocess.PIPE
) -> Iterator[subprocess.Popen[str]]:
    """`hotdog-sql` while it runs; it is ended with the block."""
    with subprocess.Popen(
        [sys.executable, "-m", "hotdog_sql", *map(str, arguments)],
        env=os.environ | variables,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs `hotdog-sql` as its own process in an empty folder."""

    def run_command(
        *arguments: str | Path, code: int = 0, **options: str
    ) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "hotdog_sql", *map(str, arguments)]
        return run_process(command, tmp_path, code, **options)

    return run_command


@pytest.fixture
def in_sh(tmp_path: Path) -> Run:
    """Runs a line of the shell, in which `$program` is `hotdog-sql`, in an empty folder."""

    def run_line(line: str, code: int = 0, **variables: str) -> subprocess.CompletedProcess[str]:
        program = f"{sys.executable} -m hotdog_sql"
        return run_process(["sh", "-c", line], tmp_path, code, program=program, **variables)

    return run_line


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Calls `hotdog-sql` as `run` does, but in this process, which takes a fraction of the time.

    Where the code is None, any will do.
    """

    def call_main(
        *arguments: str | Path, code: int | None = 0, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        monkeypatch.chdir(tmp_path)
        for name in [name for name in os.environ if name.startswith("HOTDOG_SQL_")]:
            monkeypatch.delenv(name)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        command = ["hotdog-sql", *map(str, arguments)]
        monkeypatch.setattr(sys, "argv", command)
        # Or messages would name `python -m pytest`, where that has started the tests.
        monkeypatch.setattr(sys.modules["__main__"], "__package__", None)
        ended: object = 0
        try:
            main()
        except SystemExit as end:
            ended = end.code or 0
        assert isinstance(ended, int)
        done = subprocess.CompletedProcess(command, ended, *capfd.readouterr())
        assert code in (None, ended), done.stdout + done.stderr
        return done

    return call_main


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    """A server on 127.0.0.1 that has nothing yet."""
    with LoopbackServer() as one:
        yield one


@pytest.fixture(scope="session")
def addresses() -> Iterator[dict[str, str]]:
    """The variables by which the program finds the demo's Open Images."""
    with serve() as world:
        yield {"HOTDOG_SQL_BASE_URL": world.base_url, "HOTDOG_SQL_MIRROR_URL": world.mirror_url}


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for 127.0.0.1, and that of its authority, which nobody knows."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is missing; get it with: apt-get install openssl")
    folder = tmp_path_factory.mktemp("tls")
    make = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    root = ["-subj", "/CN=authority", "-keyout", "root.key", "-out", "root.crt"]
    leaf = ["-subj", "/CN=loopback", "-keyout", "leaf.key", "-out", "leaf.crt"]
    leaf += ["-CA", "root.crt", "-CAkey", "root.key", "-addext", "basicConstraints=CA:FALSE"]
    for one in (root, [*leaf, "-addext", "subjectAltName=IP:127.0.0.1"]):
        subprocess.run([*make, *one], check=True, capture_output=True, cwd=folder)
    path, parts = folder / "both.pem", ("leaf.key", "leaf.crt", "root.crt")
    path.write_bytes(b"".join((folder / one).read_bytes() for one in parts))
    return path
