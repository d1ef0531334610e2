"""Fixtures that many tests use: small data files, servers, and ways to run the program."""

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

#: Modules whose tests run with both transports.
_BOTH_TRANSPORTS = ("download.test_faults", "download.test_http")
#: Modules whose tests run with both transports; those with httpx are slow tests.
_SECOND_TRANSPORT_SLOW = (
    *("download.test_hosts", "download.test_hostile"),
    *("refresh.test_attacks", "refresh.test_bodies", "refresh.test_faults"),
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    module = metafunc.module.__name__.removeprefix("tests.")
    if module in _BOTH_TRANSPORTS:
        metafunc.parametrize("transport", ["httpx", "pyreqwest"], indirect=True)
    if module in _SECOND_TRANSPORT_SLOW:
        second = pytest.param("httpx", marks=pytest.mark.slow)
        metafunc.parametrize("transport", ["pyreqwest", second], indirect=True)


@pytest.fixture(autouse=True)
def transport(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Set the transport of a test and of the processes that it starts."""
    if hasattr(request, "param"):
        pytest.importorskip(request.param)
        monkeypatch.setenv("HOTDOG_SQL_TRANSPORT", request.param)
    transport_name.cache_clear()
    yield
    transport_name.cache_clear()


@pytest.fixture(scope="session", autouse=True)
def default_signal_handlers() -> None:
    """Undo what children inherit: background jobs ignore SIGINT, and nohup ignores SIGHUP."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session")
def small_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small test split: 300 images, of which 12 have a hot dog with a box."""
    folder = tmp_path_factory.mktemp("data")
    boxed_open_images().write(folder)
    return folder


@pytest.fixture(scope="session")
def real_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real validation labels and classes, and an image file made from their ImageIDs."""
    real = ROOT.parent / "shared" / "openimages"
    if not real.is_dir():
        pytest.skip("the real Open Images files are missing")
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
    """Run a program in a folder without this process's settings; check its exit code."""
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
    """Start `hotdog-sql`, and kill it at the end of the block."""
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
    """A function that runs `hotdog-sql` in a process, in an empty folder."""

    def run_command(
        *arguments: str | Path, code: int = 0, **options: str
    ) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "hotdog_sql", *map(str, arguments)]
        return run_process(command, tmp_path, code, **options)

    return run_command


@pytest.fixture
def in_sh(tmp_path: Path) -> Run:
    """A function that runs a shell command in an empty folder; `$program` is `hotdog-sql`."""

    def run_line(line: str, code: int = 0, **variables: str) -> subprocess.CompletedProcess[str]:
        program = f"{sys.executable} -m hotdog_sql"
        return run_process(["sh", "-c", line], tmp_path, code, program=program, **variables)

    return run_line


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """A function like `run` that calls `hotdog-sql` in this process, which is much faster.

    A code of None accepts any exit code.
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
        # Without this, messages would name `python -m pytest` as the program.
        monkeypatch.setattr(sys.modules["__main__"], "__package__", None)
        exit_code: object = 0
        try:
            main()
        except SystemExit as error:
            exit_code = error.code or 0
        assert isinstance(exit_code, int)
        done = subprocess.CompletedProcess(command, exit_code, *capfd.readouterr())
        assert code in (None, exit_code), done.stdout + done.stderr
        return done

    return call_main


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    """A server on 127.0.0.1 that answers every request with 404 until configured."""
    with LoopbackServer() as loopback:
        yield loopback


@pytest.fixture(scope="session")
def addresses() -> Iterator[dict[str, str]]:
    """The environment variables with the addresses of the demo's server."""
    with serve() as variables:
        yield variables


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PEM file: a key and a certificate for 127.0.0.1, and its unknown authority's."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is missing; get it with: apt-get install openssl")
    folder = tmp_path_factory.mktemp("tls")
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    root = ["-subj", "/CN=authority", "-keyout", "root.key", "-out", "root.crt"]
    leaf = ["-subj", "/CN=loopback", "-keyout", "leaf.key", "-out", "leaf.crt"]
    leaf += ["-CA", "root.crt", "-CAkey", "root.key", "-addext", "basicConstraints=CA:FALSE"]
    for options in (root, [*leaf, "-addext", "subjectAltName=IP:127.0.0.1"]):
        subprocess.run([*command, *options], check=True, capture_output=True, cwd=folder)
    path, parts = folder / "both.pem", ("leaf.key", "leaf.crt", "root.crt")
    path.write_bytes(b"".join((folder / part).read_bytes() for part in parts))
    return path
