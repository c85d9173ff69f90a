"""Where the peers are installed, and how a program that fails is told of."""

import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
# What each peer imports, but for what comes along with it; versions stand in `requirements.txt`.
PACKAGES = {
    "keras-jax": ["keras", "jax[cpu]", "safetensors", "numpy"],
    "keras-tensorflow": ["keras", "tensorflow-cpu", "safetensors", "numpy"],
    "flowjax": ["flowjax", "jax[cpu]", "optax", "numpy"],
    "zuko": ["zuko", "torch", "numpy"],
    "gaussians": ["scikit-learn", "numpy"],
}
# Seconds for the packages of one peer, some of which are of gigabytes.
INSTALLATION = 3600


class Failed(Exception):
    """Why a program failed, in one line."""

    def __init__(self, why, log):
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        super().__init__(f"{why}; {log} " + (f"ends: {last[:300]}" if last else "is empty"))


def tell(line):
    # Below the line that shows how far we are.
    print("\n" * sys.stderr.isatty() + line, file=sys.stderr, flush=True)


def status(code):
    return f"killed by signal {-code}" if code < 0 else f"exit status {code}"


def call(command, log, timeout, **options):
    """Runs a program to its end, with its output in a log where the options do not say otherwise."""
    try:
        with log.open("wb") as file:
            done = subprocess.run(command, timeout=timeout, stdin=subprocess.DEVNULL, stderr=file, **{"stdout": file} | options)
    except subprocess.TimeoutExpired:
        raise Failed(f"no end in {timeout:g} s", log) from None
    except OSError as error:
        raise Failed(str(error), log) from None
    if done.returncode:
        raise Failed(status(done.returncode), log)
    return done.stdout


def install(names):
    """Installs the peers that are missing, each for itself, so that one that fails does not take others along. Returns their interpreter, and why which peers cannot take part."""
    folder = pathlib.Path(os.environ.get("PEERS_VENV", ROOT / "target" / "peers-venv"))
    interpreter = folder / "bin" / "python"
    versions = dict(line.split("==") for line in (HERE / "requirements.txt").read_text().splitlines() if "==" in line)
    wanted = {name: "\n".join(f"{package}=={versions[package]}" for package in packages) for name, packages in PACKAGES.items()}
    marks = {name: folder / f"installed-{name}.txt" for name in PACKAGES}
    done = [name for name in PACKAGES if marks[name].exists() and marks[name].read_text() == wanted[name]]
    missing, failed = [name for name in names if name not in done], {}
    logs = TARGET / "peers"
    logs.mkdir(parents=True, exist_ok=True)
    pip = [interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    try:
        if missing:
            call([sys.executable, "-m", "venv", folder], logs / "venv.log", INSTALLATION)
    except Failed as error:
        return interpreter, {name: f"{name} is not installed: {error}" for name in missing}
    for name in missing:
        try:
            # With what is there already, so that nothing is changed that another peer needs.
            packages = sorted({package for peer in [*done, name] for package in wanted[peer].split()})
            call([*pip, *packages], logs / f"{name}-installation.log", INSTALLATION)
            marks[name].write_text(wanted[name])
            done.append(name)
        except Failed as error:
            failed[name] = f"{name} is not installed: {error}"
    return interpreter, failed


def build():
    """Builds our programs; the folder that holds them."""
    command = ["cargo", "build", "--release", "--quiet", "--manifest-path", HERE / "ours" / "Cargo.toml", "--target-dir", TARGET]
    subprocess.run(command, check=True)
    return TARGET / "release"
