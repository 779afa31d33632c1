#!/usr/bin/env python3
"""Every gate and every test, in the order in which a mistake is cheapest to see.

  tools/check.py            all of it; the last line printed is "N passed, N failed"
  tools/check.py format tidy    only these steps

A step that fails does not stop the ones after it, unless they stand on what it builds. Full logs stay in build/check/.
"""
import json
import os
import re
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LOGS = os.path.join(ROOT, "build", "check")
TAIL = 60  # lines of a failing step's log that are shown
COUNTS = re.compile(r"\[  (PASSED|FAILED)  \] (\d+) test\(s\)")
PYTHON_COUNT = re.compile(r"^Ran (\d+) tests? in", re.MULTILINE)


class Failed(Exception):
    """A step's command failed; its log tells why."""


class Step:
    """What a step's function is given: where to log, and how to count."""

    def __init__(self, name):
        self.name, self.passed, self.failed, self.notes = name, 0, 0, []
        self.log_path = os.path.join(LOGS, name + ".log")
        self.log = open(self.log_path, "w", encoding="utf-8", errors="replace")

    def run(self, *argv, may_fail=False, env=None, timeout=1500):
        """Runs a command into the log; its failure fails the step."""
        self.log.write("$ " + " ".join(argv) + "\n")
        self.log.flush()
        full_env = dict(os.environ, **(env or {}))
        try:
            code = subprocess.run(argv, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT,
                                  env=full_env, timeout=timeout, check=False).returncode
        except subprocess.TimeoutExpired:
            self.log.write(f"check: no end within {timeout} s\n")
            code = 124
        except FileNotFoundError as e:
            self.log.write(f"check: {e}\n")
            code = 127
        self.log.flush()
        if code != 0 and not may_fail:
            raise Failed(f"{' '.join(argv[:3])} ... ended with {code}")
        return code

    def setup(self, folder, *options, env=None):
        """Configures a build folder, or brings its options up to date."""
        if os.path.exists(os.path.join(ROOT, folder, "build.ninja")):
            self.run("meson", "configure", folder, *[o for o in options if o.startswith("-D")], env=env)
        else:
            self.run("meson", "setup", folder, *options, env=env)

    def meson_tests(self, folder, *options):
        """Runs a build folder's tests; counts each cmocka test by itself, any other program as one."""
        code = self.run("meson", "test", "-C", folder, "--num-processes", "2", "--timeout-multiplier", "4",
                        "--print-errorlogs", *options, may_fail=True)
        count_meson(self, os.path.join(ROOT, folder, "meson-logs", "testlog.json"))
        if code != 0 and self.failed == 0:
            raise Failed("meson test failed before any test ran")


def count_meson(step, path):
    """Adds up what meson's log of a run says, without trusting a program's own count over its exit."""
    if not os.path.exists(path):
        return
    skipped = []
    with open(path, encoding="utf-8", errors="replace") as log:
        for line in log:
            row = json.loads(line)
            counts = {"PASSED": 0, "FAILED": 0}
            said = (row.get("stdout") or "") + (row.get("stderr") or "")
            for kind, number in COUNTS.findall(said):
                counts[kind] += int(number)
            if row["result"] == "OK":
                counts["PASSED"] += sum(int(n) for n in PYTHON_COUNT.findall(said))
            if row["result"] == "SKIP":
                skipped.append(row["name"])
            elif row["result"] in ("OK", "EXPECTEDFAIL"):
                step.passed += max(counts["PASSED"], 1)
            else:
                step.passed += counts["PASSED"]
                step.failed += max(counts["FAILED"], 1)
                step.notes.append(f"{row['name']}: {row['result']}")
    if skipped:
        step.notes.append("skipped: " + ", ".join(skipped))


def one(step):
    step.passed += 1


def check_format(step):
    step.run("tools/format.sh", "check")
    one(step)


def check_layers(step):
    step.run(sys.executable, "tools/check-layers.py")
    step.run(sys.executable, "tools/check-layers.py", "--self-test")
    step.passed += 2


def check_scripts(step):
    scripts = [os.path.join("tools", f) for f in sorted(os.listdir(os.path.join(ROOT, "tools"))) if f.endswith(".sh")]
    step.run("shellcheck", ".ci/run", *scripts)
    one(step)


def check_release(step):
    step.setup("build/release", "--buildtype=release", "-Dtests=true")
    step.run("ninja", "-C", "build/release")
    step.run("tools/collect-programs.sh", "build/release", "build/bin")
    one(step)
    step.meson_tests("build/release")


def check_hardening(step):
    step.run("tools/check-hardening.sh", "build/bin/overt", "build/bin/overt-worker", "build/bin/overt-update")
    one(step)


def check_docs(step):
    step.run(sys.executable, "tools/check-docs.py")
    one(step)


def check_run(step):
    step.run("tools/run.sh")
    step.run(sys.executable, "tools/check-samples.py", "build/bin/overt", "build/samples")
    step.passed += 2


def check_sanitize(step):
    # clang: its sanitizer also sees offsets from null pointers, which gcc's lets pass; releases are gcc's
    step.setup("build/sanitize", "--buildtype=debugoptimized", "-Db_sanitize=address,undefined", "-Db_lundef=false",
               "-Dtests=true", env={"CC": "clang"})
    step.run("ninja", "-C", "build/sanitize")
    one(step)
    step.meson_tests("build/sanitize")


def check_tidy(step):
    step.run(sys.executable, "tools/tidy.py")
    one(step)


def check_fuzz(step):
    step.run("tools/fuzz.sh", "replay")
    one(step)


def check_arm64(step):
    step.run("tools/arm64.sh", "build")
    one(step)
    code = step.run("tools/arm64.sh", "test", may_fail=True)
    count_meson(step, os.path.join(ROOT, "build/arm64/build/meson-logs/testlog.json"))
    if code != 0 and step.failed == 0:
        raise Failed("the arm64 tests did not run")
    skip = os.path.join(ROOT, "tools/arm64-skip.txt")
    with open(skip, encoding="utf-8") as rows:
        names = [r.split("  ")[0] for r in rows if r.strip() and not r.startswith("#")]
    step.notes.append("not run under emulation: " + (", ".join(names) or "none"))


def check_reproduce(step):
    step.run("tools/reproduce.sh")
    one(step)


# name, function, the step that must have passed before
STEPS = [
    ("format", check_format, None),
    ("layers", check_layers, None),
    ("scripts", check_scripts, None),
    ("release", check_release, None),
    ("hardening", check_hardening, "release"),
    ("docs", check_docs, "release"),
    ("run", check_run, "release"),
    ("sanitize", check_sanitize, None),
    ("tidy", check_tidy, None),
    ("fuzz", check_fuzz, None),
    ("arm64", check_arm64, None),
    ("reproduce", check_reproduce, None),
]


def run_step(name, function):
    step = Step(name)
    begun = time.monotonic()
    why = ""
    try:
        function(step)
    except Failed as e:
        step.failed += 1
        why = str(e)
    step.log.close()
    spent = time.monotonic() - begun
    word = "FAIL" if step.failed else "ok"
    print(f"{word:5}{name:11}{step.passed:5} passed {step.failed:3} failed {spent:7.1f} s", flush=True)
    for note in step.notes:
        print("       " + note, flush=True)
    if step.failed:
        with open(step.log_path, encoding="utf-8", errors="replace") as log:
            for line in log.read().splitlines()[-TAIL:]:
                print("     | " + line)
        print(f"     {why} (all of it: {os.path.relpath(step.log_path, ROOT)})", flush=True)
    return step


def main():
    wanted = sys.argv[1:]
    unknown = [w for w in wanted if w not in [name for name, _, _ in STEPS]]
    if unknown:
        sys.exit("check: no such step: " + ", ".join(unknown))
    os.makedirs(LOGS, exist_ok=True)
    passed = failed = 0
    broken = set()
    for name, function, needs in STEPS:
        if wanted and name not in wanted:
            continue
        if needs in broken:
            print(f"FAIL {name:11} not run: {needs} failed", flush=True)
            failed += 1
            continue
        step = run_step(name, function)
        passed, failed = passed + step.passed, failed + step.failed
        if step.failed:
            broken.add(name)
    print(f"{passed} passed, {failed} failed", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
