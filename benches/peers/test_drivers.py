#!/usr/bin/env python3
"""`run` and `densities` with fake programs in place of ours and the peers: whoever fails loses its own numbers and no others. Needs no package.

    benches/peers/test_drivers.py
"""

import contextlib
import importlib.machinery
import importlib.util
import io
import json
import os
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

import environment

# Seconds until a program hangs; those that do not are far from it on any machine.
HANG = 10
# Programs for `run`: each answers rows, or does not.
ANSWERS = "import os, sys, time\nfor line in sys.stdin: print({}, flush=True)"
ANSWER = ANSWERS.format("0.5")
CANNOT_START = "import no_such_module"
DIES_AT_LOG_PROB = ANSWERS.format("sys.exit('out of memory') if line.startswith('log_prob') else 2.0")
DIES_AFTER_ONE = "input(); print(2.0)"
IS_KILLED = ANSWERS.format("os.kill(os.getpid(), 9)")
HANGS = "import time; time.sleep(600)"
HANGS_AT_INVERSE = ANSWERS.format("time.sleep(600) if line.startswith('inverse') else 2.0")
GARBAGE = ANSWERS.format("'hello'")
NOT_A_TIME = ANSWERS.format("'nan'")
NO_END = "while True: print('x', end='')"
# Nor does it notice that its input ends.
CLOSES = "import os, time; os.close(1); time.sleep(600)"

# Programs for `densities`: a line for each seed, of which there are as many as the last argument says.
FIT = """
import json, sys
for _ in range(int(sys.argv[-1]) + {}): print(json.dumps({{"parameters": 7, "epoch": 3, "validation": 1.0, "log_probs": [-{}, -{}]}}))
"""
FITS = FIT.format(0, 2.0, 4.0)


def load(name):
    """A driver, whose file is no `.py`, as a module."""
    loader = importlib.machinery.SourceFileLoader(f"peers_{name}", str(environment.HERE / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


def executable(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def fake(self, name, text):
        """The file of a program, and of ours where the drivers look for it."""
        path = self.folder / name
        executable(path, f"#!{sys.executable}\n{text}\n")
        return path

    def drive(self, module, arguments, missing={}, **replaced):
        """Runs a driver: its exit status, what it prints, and its JSON. `missing` could not be installed."""
        out, errors = io.StringIO(), io.StringIO()
        install = lambda names: (sys.executable, {name: line for name, line in missing.items() if name in names})
        replaced |= {"TARGET": self.folder, "build": lambda: self.folder, "install": install}
        file = self.folder / "result.json"
        with (
            mock.patch.multiple(module, **replaced),
            mock.patch.object(sys, "argv", ["driver", "--json", str(file), *arguments]),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(errors),
        ):
            try:
                module.main()
                code = 0
            except SystemExit as end:
                code = end.code
        return code, out.getvalue(), json.loads(file.read_text()) if file.exists() else None


class Run(Folder):
    module = load("run")

    def times(self, peers, ours=ANSWER, timeout=60, missing={}):
        self.fake("ours", ours)
        scripts = {name: (self.fake(f"{name}.py", text), {}) for name, text in peers.items()}
        return self.drive(self.module, ["--runs", "2", "--timeout", str(timeout), "--peers", *peers], missing, PEERS=scripts)

    def rows(self, result, peer):
        return [row for row, numbers in result["rows"].items() if numbers["peers"].get(peer)]

    def only_failure(self, text, timeout=60):
        """Why a peer lost its column beside one that answers."""
        code, out, result = self.times({"keras-jax": ANSWER, "zuko": text}, timeout=timeout)
        self.assertEqual(code, 0)
        self.assertEqual(self.rows(result, "keras-jax"), list(self.module.ROWS))
        self.assertEqual(self.rows(result, "zuko"), [])
        self.assertIn("| work | ours | keras-jax | best Keras / ours |", out)
        (line,) = result["failed"]["zuko"]
        self.assertEqual(out.count(line), 1)
        self.assertTrue(line.startswith("zuko never answered: "), line)
        return line

    def test_all_answer(self):
        code, out, result = self.times({"keras-jax": ANSWER, "flowjax": ANSWERS.format("1.0")})
        self.assertEqual((code, result["failed"]), (0, {}))
        self.assertIn("| work | ours | keras-jax | flowjax | best Keras / ours |", out)
        self.assertIn("| log_prob of one sample | 500 ms | 500 ms | 1 s | 1.0 (asked 20) | 2.0 (asked 20) |", out)
        self.assertEqual([len(row["peers"]["flowjax"]["runs"]) for row in result["rows"].values()], [2] * 4)

    def test_cannot_start(self):
        line = self.only_failure(CANNOT_START)
        self.assertIn("exit status 1", line)
        self.assertIn("ModuleNotFoundError: No module named 'no_such_module'", line)

    def test_killed(self):
        self.assertIn("killed by signal 9", self.only_failure(IS_KILLED))

    def test_hangs(self):
        self.assertIn("no answer in 10 s", self.only_failure(HANGS, timeout=HANG))

    def test_garbage(self):
        self.assertIn("answered b'hello", self.only_failure(GARBAGE))
        self.assertIn("answered b'nan", self.only_failure(NOT_A_TIME))
        self.assertIn("answered b'xxx", self.only_failure(NO_END))

    def test_closes_its_output(self):
        with mock.patch.object(self.module, "PATIENCE", 0.1):
            self.assertIn("closed its output", self.only_failure(CLOSES))

    def test_fails_at_one_row(self):
        peers = {"keras-jax": DIES_AT_LOG_PROB, "keras-tensorflow": ANSWERS.format("3.0"), "zuko": HANGS_AT_INVERSE}
        code, out, result = self.times(peers, timeout=HANG)
        self.assertEqual(code, 0)
        self.assertEqual(self.rows(result, "keras-jax"), ["one_sample", "inverse", "training"])
        self.assertEqual(self.rows(result, "zuko"), ["one_sample", "log_prob", "training"])
        (died,), (hung,) = result["failed"]["keras-jax"], result["failed"]["zuko"]
        self.assertRegex(died, "^keras-jax failed at log_prob: exit status 1; .* ends: out of memory$")
        self.assertRegex(hung, "^zuko failed at inverse: no answer in 10 s; .* is empty$")
        # The best Keras is the one that is left.
        self.assertIn("| log_prob of one sample | 500 ms | 2 s | 3 s | 2 s | 4.0 (asked 20) |", out)
        self.assertIn("| log_prob of 50,000 samples | 500 ms | - | 3 s | 2 s | 6.0 (asked 1.5) |", out)

    def test_dies_after_the_first_row(self):
        code, out, result = self.times({"keras-jax": ANSWER, "flowjax": DIES_AFTER_ONE})
        self.assertEqual((code, self.rows(result, "flowjax")), (0, []))
        self.assertEqual(self.rows(result, "keras-jax"), list(self.module.ROWS))
        self.assertIn("flowjax failed at log_prob: exit status 0", out)

    def test_nothing_is_installed(self):
        code, out, result = self.times({"zuko": ANSWER}, missing={"zuko": "zuko is not installed: no network"})
        self.assertEqual((code, result["failed"]), (0, {"zuko": ["zuko is not installed: no network"]}))
        self.assertIn("| work | ours | best Keras / ours |", out)
        self.assertTrue(out.endswith("\nzuko is not installed: no network\n"), out)

    def test_ours_fails(self):
        for ours in [CANNOT_START, DIES_AT_LOG_PROB]:
            code, _, _ = self.times({"keras-jax": ANSWER}, ours=ours)
            self.assertRegex(code, "^ours failed at ")

    def test_data(self):
        self.module.write(self.folder)
        self.assertEqual([(self.folder / f"{name}.f32").stat().st_size for name in ("train", "batch", "latents")], [40_000, 400_000, 40_000])


class Densities(Folder):
    module = load("densities")

    def fits(self, flowjax, ours=FITS, timeout=60, missing={}):
        self.fake("points", "")
        self.fake("fit", ours)
        # The mixtures answer twice, for however many seeds.
        programs = {"flowjax": flowjax, "zuko": FITS, "gaussians": FIT.format("2 - int(sys.argv[-1])", 1.0, 3.0)}
        scripts = {"ours": None} | {name: self.fake(f"{name}.py", text) for name, text in programs.items()}
        arguments = ["--seeds", "2", "--timeout", str(timeout), "--jobs", "1", "--data", "wine", "digits"]
        return self.drive(self.module, arguments, missing, PROGRAMS=scripts)

    def only_failure(self, text, timeout=60):
        """Why a peer lost its numbers beside those that answer."""
        code, out, result = self.fits(text, timeout=timeout)
        self.assertEqual((code, list(result["failed"])), (0, ["flowjax"]))
        self.assertIn("| 3.000 (3.000 to 3.000) | - | 3.000 (3.000 to 3.000) | **2.000** | **2.000** (3) |", out)
        self.assertIn("Parameters: ours 7; zuko 7\n", out)
        (line,) = result["failed"]["flowjax"]
        self.assertEqual(out.count(line), 1)
        self.assertTrue(line.startswith("flowjax failed at wine, before any answer: "), line)
        return line

    def test_all_answer(self):
        code, out, result = self.fits(FITS)
        self.assertEqual((code, result["failed"]), (0, {}))
        self.assertIn("Parameters: ours 7; flowjax 7; zuko 7\n", out)

    def test_failures(self):
        self.assertIn("No module named 'no_such_module'", self.only_failure(CANNOT_START))
        self.assertIn("no end in 20 s", self.only_failure(HANGS, timeout=HANG))
        self.assertIn("answered otherwise than asked", self.only_failure("print('hello')"))
        self.assertIn("1 answers in place of 2", self.only_failure(FIT.format(-1, 1.0, 3.0)))
        self.assertIn("not a finite number", self.only_failure(FIT.format(0, "float('inf')", 3.0)))

    def test_fails_at_one(self):
        code, out, result = self.fits("import sys\nif 'digits' in sys.argv[1]: sys.exit('out of memory')\n" + FITS)
        self.assertEqual((code, result["data"]["digits"]["flowjax"]), (0, None))
        self.assertEqual(len(result["data"]["wine"]["flowjax"]), 2)
        (line,) = result["failed"]["flowjax"]
        self.assertRegex(line, "^flowjax failed at digits: exit status 1; .* ends: out of memory$")

    def test_without_mixtures(self):
        code, out, _ = self.fits(FITS, missing={"gaussians": "gaussians is not installed: no network"})
        self.assertEqual(code, 0)
        self.assertIn("| - | - |", out)
        self.assertTrue(out.endswith("\ngaussians is not installed: no network\n"), out)

    def test_ours_fails(self):
        code, out, _ = self.fits(FITS, ours=CANNOT_START)
        self.assertEqual(code, 1)
        self.assertIn("\nours failed at wine", out)


class Install(Folder):
    def install(self, names, pip):
        """Installs with an interpreter whose pip is a line of shell."""
        python = self.folder / "venv" / "bin" / "python"
        executable(python, f'#!/bin/sh\necho "$@" >> {self.folder}/calls\n{pip}\n')
        replaced = mock.patch.dict(os.environ, {"PEERS_VENV": str(self.folder / "venv")})
        with replaced, mock.patch.object(environment, "TARGET", self.folder), mock.patch.object(sys, "executable", str(python)):
            interpreter, failed = environment.install(names)
        self.assertEqual(interpreter, python)
        return failed

    def calls(self):
        lines = (self.folder / "calls").read_text().splitlines()
        (self.folder / "calls").unlink()
        return [[word.split("==")[0] for word in line.split() if "==" in word] for line in lines]

    def test_one_fails(self):
        failing = 'case "$*" in *torch*) echo no torch >&2; exit 1;; esac'
        failed = self.install(["zuko", "flowjax", "gaussians"], failing)
        self.assertEqual(list(failed), ["zuko"])
        self.assertRegex(failed["zuko"], "^zuko is not installed: exit status 1; .* ends: no torch$")
        # Who failed is not asked for again with the next.
        flowjax = ["flowjax", "jax[cpu]", "numpy", "optax"]
        self.assertEqual(self.calls(), [[], ["numpy", "torch", "zuko"], flowjax, sorted([*flowjax, "scikit-learn"])])
        # Who is missing is tried the next time, and nobody else.
        self.assertEqual(self.install(["zuko", "flowjax"], ""), {})
        self.assertEqual(self.calls(), [[], sorted([*flowjax, "scikit-learn", "torch", "zuko"])])
        self.assertEqual(self.install(["zuko", "flowjax"], "exit 1"), {})

    def test_no_environment(self):
        failed = self.install(["zuko", "flowjax"], "echo no venv; exit 1")
        self.assertEqual(list(failed), ["zuko", "flowjax"])
        self.assertRegex(failed["flowjax"], "^flowjax is not installed: exit status 1; .* ends: no venv$")
        self.assertEqual(len(self.calls()), 1)


if __name__ == "__main__":
    unittest.main()
