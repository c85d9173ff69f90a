"""The interpreter of the peers."""

import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))


def python():
    """Its path; the peers are installed there if they are missing."""
    folder = pathlib.Path(os.environ.get("PEERS_VENV", ROOT / "target" / "peers-venv"))
    interpreter, done = folder / "bin" / "python", folder / "installed.txt"
    wanted = (HERE / "requirements.txt").read_text()
    if not done.exists() or done.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([interpreter, "-m", "pip", "install", "--quiet", "-r", HERE / "requirements.txt"], check=True)
        done.write_text(wanted)
    return interpreter


def build():
    """Builds our programs; the folder that holds them."""
    command = ["cargo", "build", "--release", "--quiet", "--manifest-path", HERE / "ours" / "Cargo.toml", "--target-dir", TARGET]
    subprocess.run(command, check=True)
    return TARGET / "release"
