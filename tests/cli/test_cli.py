#!/usr/bin/env python3
"""The whole program with an engine whose verdicts stand in the scanned files (fake_engine.c).

  test_cli.py PROGRAM            all tests
  test_cli.py PROGRAM --update   rewrite golden/*; a person reads the difference
  test_cli.py PROGRAM NAME...    only tests whose name contains one of these
"""
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
GOLDEN = os.path.join(HERE, "golden")
UPDATE = "--update" in sys.argv
PROGRAM = ""

FILES = {
    "bad.zip": "FAKE type CL_TYPE_ZIP\nFAKE detect Eicar-Test hash ClamAV-daily-27501 signed inv.zip|a.docm 16 8\n"
               "FAKE detect Second.Test body mine.ndb unsigned - 4 6\nFAKE incomplete encrypted x.7z needs a password\n",
    "clean.txt": "nothing here\n",
    "empty": "",
    "failed": "FAKE error a worker could not map it\n",
    "limited": "FAKE incomplete limit-size big.iso|part the part has 5 GiB\nFAKE incomplete unsupported - \n",
    "locked.zip": "FAKE type CL_TYPE_ZIP\nFAKE incomplete encrypted secret.txt \n",
    "sub/rule": "FAKE detect my_rule yara rules.yar unsigned - 0 4\n",
}
SCRUB = [
    (re.compile(r'"(seconds|ms)":[0-9.]+'), r'"\1":0'),
    (re.compile(r" in [0-9.]+ (ms|s)( \([^)]*/s\))?"), " in TIME"),
    (re.compile(r"[0-9]+ days old"), "N days old"),
    (re.compile(r"<dt>(Time|Date)</dt><dd>[^<]*"), r"<dt>\1</dt><dd>SOME"),
    (re.compile(r"^Time: .*$", re.M), "Time: SOME"),
    (re.compile(r"^(Start|End) Date: .*$", re.M), r"\1 Date: SOME"),
]


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="ov-cli-")
        self.tmp = tempfile.mkdtemp(prefix="ov-cli-tmp-")
        self.addCleanup(shutil.rmtree, self.tmp, ignore_errors=True)
        os.chmod(self.dir, 0o755)
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.tree = os.path.join(self.dir, "tree")
        for name, text in FILES.items():
            self.put("tree/" + name, text)
        os.symlink("clean.txt", os.path.join(self.tree, "link"))
        os.mkfifo(os.path.join(self.tree, "fifo"))
        os.mkdir(os.path.join(self.dir, "state"))

    def put(self, name, text):
        path = os.path.join(self.dir, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())
        return path

    def env(self, **more):
        env = {k: v for k, v in os.environ.items() if not k.startswith(("OVERT_", "FAKE_", "XDG_"))}
        env.update(XDG_STATE_HOME=os.path.join(self.dir, "state"), TMPDIR=self.tmp, LC_ALL="C", TZ="UTC")
        env.pop("NO_COLOR", None)
        return dict(env, **more)

    def run_it(self, *args, stdin=b"", **env):
        return subprocess.run([PROGRAM, *args], cwd=self.dir, env=self.env(**env), input=stdin, capture_output=True,
                              timeout=60, check=False)

    def expect(self, code, *args, **more):
        p = self.run_it(*args, **more)
        self.assertEqual(p.returncode, code, f"{args}: {p.stdout!r} {p.stderr!r}")
        return p

    def golden(self, name, text):
        text = text.decode().replace(self.dir, "DIR")
        for pattern, to in SCRUB:
            text = pattern.sub(to, text)
        path = os.path.join(GOLDEN, name)
        if UPDATE:
            os.makedirs(GOLDEN, exist_ok=True)
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
        with open(path, encoding="utf-8") as f:
            self.assertEqual(text, f.read(), f"golden/{name}")


class Scan(Case):
    def test_golden_text(self):
        self.golden("scan.txt", self.expect(1, "scan", "tree").stdout)
        self.golden("scan-all-verbose.txt", self.expect(1, "scan", "--all", "-v", "tree").stdout)
        self.golden("scan-quiet.txt", self.expect(1, "scan", "-q", "tree").stdout)
        self.golden("scan-clean.txt", self.expect(0, "scan", "tree/clean.txt").stdout)

    def test_golden_forms(self):
        self.golden("scan.jsonl", self.expect(1, "scan", "--format=jsonl", "--all", "tree").stdout)
        self.golden("scan.sarif", self.expect(1, "scan", "--format=sarif", "--all", "tree").stdout)
        self.golden("scan.html", self.expect(1, "scan", "--format=html", "--all", "tree").stdout)

    def test_exit_codes(self):
        """1 detection, 2 error, 3 incomplete, 0: in this order when several hold."""
        rows = [
            (0, ["clean.txt"]), (0, ["empty"]), (1, ["bad.zip"]), (2, ["failed"]), (2, ["none"]), (3, ["limited"]),
            (1, ["bad.zip", "none"]), (1, ["bad.zip", "limited"]), (2, ["limited", "none"]), (2, ["clean.txt", "none"]),
            (3, ["clean.txt", "limited"]), (1, ["none", "limited", "bad.zip"]), (2, ["fifo"]), (0, ["link"]),
        ]
        for code, names in rows:
            for form in ("text", "jsonl", "sarif", "html"):
                self.expect(code, "scan", "--format", form, *["tree/" + n for n in names])

    def test_usage_errors(self):
        for args in ([], ["--bogus", "x"], ["--format=xml", "x"], ["-j", "0", "x"], ["--max-filesize=1Q", "x"]):
            p = self.expect(2, "scan", *args)
            self.assertIn(b"overt scan --help", p.stderr)
            self.assertEqual(p.stdout, b"")

    def test_jsonl_fields(self):
        lines = [json.loads(l) for l in self.expect(1, "scan", "--format=jsonl", "--sha256", "tree", "none").stdout.splitlines()]
        summary = lines.pop()["summary"]
        self.assertEqual(set(summary), {"files", "bytes", "detected", "incomplete", "errors", "seconds", "database"})
        self.assertEqual(set(summary["database"]), {"id", "signatures", "built"})
        self.assertEqual((summary["files"], summary["detected"], summary["incomplete"], summary["errors"]), (8, 2, 2, 2))
        by_path = {l["path"]: l for l in lines}
        self.assertEqual(len(by_path), 8)
        for line in lines:
            self.assertIn(line["verdict"], ("clean", "detected", "incomplete", "error"))
            self.assertEqual("error" in line, line["verdict"] == "error")
            self.assertTrue({"path", "verdict", "type", "size", "detections", "incomplete", "ms"} <= set(line))
        bad = by_path["tree/bad.zip"]
        self.assertEqual(bad["detections"], [{"name": "Eicar-Test", "kind": "hash", "source": "ClamAV-daily-27501",
                                             "layer": ["inv.zip", "a.docm"], "offset": 16, "length": 8}])
        self.assertEqual(bad["incomplete"], [{"reason": "encrypted", "layer": ["x.7z"], "detail": "needs a password"}])
        self.assertEqual(len(bad["sha256"]), 64)

    def test_grades(self):
        """What is suspicious or unwanted is told when asked for, and changes neither verdict nor exit status; or it counts."""
        self.put("graded", "FAKE report suspicious Overt.A rules.yar\nFAKE report unwanted Overt.B rules.yar\n")
        row = lambda code, *a: json.loads(self.expect(code, "scan", "--format=jsonl", *a, "graded").stdout.splitlines()[0])
        self.assertNotIn("reported", row(0))
        told = row(0, "--report=suspicious,unwanted")
        self.assertEqual((told["verdict"], told["detections"]), ("clean", []))
        self.assertEqual([(d["name"], d["severity"]) for d in told["reported"]], [("Overt.A", "suspicious"), ("Overt.B", "unwanted")])
        self.assertEqual([d["name"] for d in row(0, "--report=unwanted")["reported"]], ["Overt.B"])
        counted = row(1, "--detect=suspicious", "--report=all")
        self.assertEqual([d["name"] for d in counted["detections"]], ["Overt.A"])
        self.assertEqual([d["name"] for d in counted["reported"]], ["Overt.B"])
        self.assertEqual([d["name"] for d in row(1, "--pua")["detections"]], ["Overt.B"])
        text = self.expect(0, "scan", "--report=all", "graded").stdout
        self.assertIn(b"  reported  graded\n            Overt.A   suspicious   rules.yar\n", text)
        self.assertIn(b"Nothing found, 2 reported (not counted), 1 clean.", text)
        self.assertNotIn(b"Overt.A", self.expect(0, "scan", "-v", "graded").stdout)
        self.assertIn(b">reported<", self.expect(0, "scan", "--report=all", "--format=html", "graded").stdout)
        results = json.loads(self.expect(0, "scan", "--report=all", "--format=sarif", "graded").stdout)["runs"][0]["results"]
        self.assertEqual([(r["level"], r["properties"]["severity"]) for r in results], [("warning", "suspicious"), ("note", "unwanted")])
        results = json.loads(self.expect(1, "scan", "--detect=all", "--format=sarif", "graded").stdout)["runs"][0]["results"]
        self.assertEqual({r["level"] for r in results}, {"error"})
        self.expect(2, "scan", "--report=awful", "graded")
        self.expect(2, "scan", "--detect=", "graded")
        self.expect(0, "clamscan", "graded")
        self.assertIn(b"YARA.Overt.B.UNOFFICIAL FOUND", self.expect(1, "clamscan", "--detect-pua=yes", "graded").stdout)

    def test_sarif_structure(self):
        log = json.loads(self.expect(1, "scan", "--format=sarif", "--all", "tree").stdout)
        self.assertEqual(log["version"], "2.1.0")
        run = log["runs"][0]
        rules = {r["id"] for r in run["tool"]["driver"]["rules"]}
        for r in run["results"]:
            self.assertIn(r["level"], ("error", "warning"))
            self.assertTrue(r["message"]["text"])
            self.assertTrue(r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])
            if r["ruleId"].startswith("overt/"):
                self.assertIn(r["ruleId"], rules)
        self.assertEqual(sum(r["level"] == "error" for r in run["results"]), 3)
        self.assertEqual(run["invocations"][0]["exitCode"], 1)
        self.assertFalse(run["invocations"][0]["executionSuccessful"])
        clean = json.loads(self.expect(0, "scan", "--format=sarif", "tree/clean.txt").stdout)
        self.assertEqual(clean["runs"][0]["results"], [])

    def test_hostile_names(self):
        hostile = b"n\x1b[31m\n\xff<b>"
        path = os.path.join(os.fsencode(self.dir), b"h", hostile)
        os.mkdir(os.path.dirname(path))
        with open(path, "wb") as f:
            f.write(b"FAKE detect <i>\x1b[2J\xfe body s\xffrc unsigned a\x1b[1m|b\xfd 0 1\n")
        for form in ("text", "html", "sarif", "jsonl"):
            out = self.expect(1, "scan", "--format", form, "h").stdout
            self.assertNotIn(b"\x1b", out)
            out.decode("utf-8")
        line = json.loads(self.expect(1, "scan", "--format=jsonl", "h").stdout.splitlines()[0])
        self.assertEqual(line["path"].encode("utf-8", "surrogateescape"), b"h/" + hostile)
        self.assertNotIn(b"<i>", self.expect(1, "scan", "--format=html", "h").stdout)
        out = self.expect(1, "clamscan", "h/", "-l", "log").stdout
        self.assertNotIn(b"\x1b", out)
        with open(os.path.join(self.dir, "log"), "rb") as f:
            self.assertNotIn(b"\x1b", f.read())

    def test_globs(self):
        def names(*args):
            out = self.run_it("scan", "--format=jsonl", *args, "tree").stdout.splitlines()[:-1]
            return sorted(os.path.relpath(json.loads(l)["path"], "tree") for l in out)
        self.assertEqual(names("--include=*.zip"), ["bad.zip", "locked.zip"])
        self.assertEqual(names("--exclude=*.zip", "--exclude=sub"), ["clean.txt", "empty", "failed", "limited"])
        self.assertEqual(names("--include=*/sub/*"), ["sub/rule"])
        self.assertEqual(names("--include=*.zip", "--exclude=b*"), ["locked.zip"])

    def test_standard_input(self):
        p = self.expect(1, "scan", "--format=jsonl", "-", stdin=FILES["bad.zip"].encode())
        self.assertEqual(json.loads(p.stdout.splitlines()[0])["path"], "-")
        self.expect(0, "scan", "-", stdin=b"")
        self.assertIn(b"standard input", self.expect(1, "scan", "-", stdin=FILES["sub/rule"].encode()).stdout)

    def test_files_from(self):
        self.put("list", "tree/clean.txt\n\ntree/none\n")
        p = self.expect(2, "scan", "--format=jsonl", "--files-from=list")
        self.assertEqual(len(p.stdout.splitlines()), 3)
        p = self.expect(0, "scan", "--format=jsonl", "-0", "--files-from=-", stdin=b"tree/clean.txt\0tree/empty\0")
        self.assertEqual(len(p.stdout.splitlines()), 3)
        self.expect(2, "scan", "--files-from=nolist")

    def test_order_of_the_walk(self):
        many = [self.put(f"many/{i:04}", FILES["sub/rule"]) for i in range(700)]
        for order in ("first", "last"):
            out = self.expect(1, "scan", "many", FAKE_ORDER=order).stdout.decode()
            got = re.findall(r"many/(\d+)", out)
            self.assertEqual(got, sorted(got))
            self.assertEqual(len(got), len(many))
            numbers = [int(n) for n in re.findall(r"overt explain (\d+)", out)]
            self.assertEqual(numbers, list(range(1, 701)))

    def test_failing_engine(self):
        p = self.expect(2, "scan", "tree", FAKE_FAIL="open")
        self.assertIn(b"told to fail", p.stderr)
        for form in ("text", "jsonl", "sarif", "html"):
            p = self.expect(2, "scan", "--format", form, "tree", FAKE_FAIL="scan")
            self.assertIn(b"told to fail", p.stderr)
        self.assertIn(b"weaker", self.expect(0, "scan", "tree/clean.txt", FAKE_WARN="1").stderr)

    def test_interrupt(self):
        for n in range(20):
            self.put(f"slow/{n}", "x")
        for sig, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            p = subprocess.Popen([PROGRAM, "scan", "slow"], cwd=self.dir, env=self.env(FAKE_SLOW_MS="200"),
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            time.sleep(0.7)
            p.send_signal(sig)
            out, _ = p.communicate(timeout=20)
            self.assertEqual(p.returncode, code)
            self.assertIn(b"Interrupted", out)
            self.assertIn(b"clean", out)

    def test_closed_pipe(self):
        for n in range(3000):
            self.put(f"pipe/{n}", "")
        p = subprocess.Popen([PROGRAM, "scan", "-v", "pipe"], cwd=self.dir, env=self.env(), stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE)
        p.stdout.read(10)
        p.stdout.close()
        self.assertEqual(p.wait(timeout=30), 141)
        self.assertEqual(p.stderr.read(), b"")
        p.stderr.close()

    def test_full_disk(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("no /dev/full")
        with open("/dev/full", "wb") as full:
            p = subprocess.run([PROGRAM, "scan", "tree/clean.txt"], cwd=self.dir, env=self.env(), stdout=full,
                               stderr=subprocess.PIPE, check=False)
        self.assertEqual(p.returncode, 2)
        self.assertIn(b"can't write", p.stderr)

    def test_unreadable(self):
        if os.geteuid() != 0:
            self.skipTest("needs root to become nobody")
        os.chmod(self.put("secret/f", "x"), 0)
        self.put("closed/f", "x")
        os.chmod(os.path.join(self.dir, "closed"), 0)
        program = os.path.join(self.dir, "overt")
        shutil.copy(PROGRAM, program)
        os.chmod(program, 0o755)

        def run(*args):
            return subprocess.run([program, *args], cwd=self.dir, env=self.env(ASAN_OPTIONS="detect_leaks=0"), user=65534,
                                  group=65534, capture_output=True, timeout=60, check=False)
        p = run("scan", "--format=jsonl", "secret", "closed")
        self.assertEqual(p.returncode, 2, p.stderr)
        lines = [json.loads(l) for l in p.stdout.splitlines()]
        self.assertEqual([l["verdict"] for l in lines[:-1]], ["error", "error"])
        self.assertEqual([l["path"] for l in lines[:-1]], ["secret/f", "closed"])
        p = run("clamscan", "-r", "secret", "closed")
        self.assertEqual(p.returncode, 2)
        self.assertIn(b"secret/f: Access denied\nclosed: Can't open directory.\n", p.stdout)

    def terminal(self, *args, **env):
        """Runs the program on a terminal of its own; what it shows."""
        pid, fd = pty.fork()
        if pid == 0:
            os.chdir(self.dir)
            os.execve(PROGRAM, [PROGRAM, *args], dict(self.env(**env), TERM="xterm"))
        out = b""
        while True:
            try:
                data = os.read(fd, 65536)
            except OSError:
                break
            if not data:
                break
            out += data
        os.close(fd)
        return out, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def test_terminal(self):
        out, code = self.terminal("scan", "tree")
        self.assertEqual(code, 1)
        self.assertIn(b"\x1b[1;31m", out)
        self.assertIn(b"database: 1,234,567 signatures", out)
        out, _ = self.terminal("scan", "tree", NO_COLOR="1")
        self.assertNotIn(b"\x1b[", out)
        for n in range(12):
            self.put(f"slow/{n}", "x")
        out, _ = self.terminal("scan", "slow", FAKE_SLOW_MS="120")
        self.assertIn(b"files,", out)
        self.assertIn(b"found  ", out)
        out, _ = self.terminal("scan", "--no-progress", "slow", FAKE_SLOW_MS="120")
        self.assertNotIn(b"\r\x1b[K", out)

    def test_piped_output_is_plain(self):
        out = self.expect(1, "scan", "tree").stdout
        self.assertNotIn(b"\r", out)
        self.assertNotIn(b"\x1b", out)


class Explain(Case):
    def test_last_scan(self):
        self.expect(1, "scan", "--all", "tree")
        state = os.path.join(self.dir, "state", "overt", "last-scan")
        self.assertEqual(os.stat(state).st_mode & 0o777, 0o600)
        self.golden("explain.txt", self.expect(0, "explain", "1").stdout)
        self.assertIn(b"Second.Test", self.expect(0, "explain", "2").stdout)
        one = json.loads(self.expect(0, "explain", "--json", "1").stdout)
        self.assertEqual(one["layer"], ["inv.zip", "a.docm"])
        self.assertEqual(one["matches"][0]["context"], b"0123456789abcdef0123456789abcdef".hex())
        self.expect(2, "explain", "99")
        self.put("tree/bad.zip", "all is well now\n")
        p = self.expect(2, "explain", "1")
        self.assertIn(b"not what it was", p.stderr)
        self.assertIn(b"when it was scanned", p.stdout)
        os.unlink(os.path.join(self.tree, "bad.zip"))
        self.assertIn(b"can't be read any more", self.expect(2, "explain", "1").stderr)
        with open(state, "w", encoding="utf-8") as f:
            f.write("something else\n")
        self.assertIn(b"damaged", self.expect(2, "explain", "1").stderr)

    def test_other_ways(self):
        self.assertEqual(len(self.expect(0, "explain", "--json", "tree/bad.zip").stdout.splitlines()), 2)
        self.assertIn(b"nothing is found", self.expect(2, "explain", "tree/clean.txt").stderr)
        self.assertIn(b"what could be read", self.expect(2, "explain", "tree/locked.zip").stderr)
        self.assertIn(b"rule text", self.expect(0, "explain", "Fake.Two").stdout)
        self.assertIn(b"rule text", self.expect(0, "explain", "Fake.Two.UNOFFICIAL").stdout)
        self.expect(2, "explain", "No.Such.Name")
        self.expect(2, "explain")
        self.expect(2, "explain", "1")

    def test_standard_input(self):
        self.expect(1, "scan", "-", stdin=FILES["bad.zip"].encode())
        self.assertIn(b"standard input", self.expect(2, "explain", "1").stderr)

    def test_state_is_not_a_way_in(self):
        """A link where the state folder or its file should be is never followed."""
        victim = self.put("victim/last-scan", "precious")
        os.symlink(os.path.join(self.dir, "victim"), os.path.join(self.dir, "state", "overt"))
        p = self.expect(1, "scan", "tree")
        self.assertNotIn(b"overt explain", p.stdout)
        with open(victim, encoding="utf-8") as f:
            self.assertEqual(f.read(), "precious")
        os.unlink(os.path.join(self.dir, "state", "overt"))
        os.mkdir(os.path.join(self.dir, "state", "overt"))
        os.symlink(victim, os.path.join(self.dir, "state", "overt", "last-scan"))
        self.expect(1, "scan", "tree")
        with open(victim, encoding="utf-8") as f:
            self.assertEqual(f.read(), "precious")
        self.expect(0, "explain", "1")

    def test_no_state(self):
        self.assertIn(b"Eicar-Test", self.expect(1, "scan", "tree", XDG_STATE_HOME="/nonexistent").stdout)

    def test_bounded(self):
        for n in range(1100):
            self.put(f"many/{n}", FILES["sub/rule"])
        self.expect(1, "scan", "many")
        with open(os.path.join(self.dir, "state", "overt", "last-scan"), encoding="utf-8") as f:
            self.assertEqual(sum(l.startswith("found") for l in f), 1000)


class Database(Case):
    def test_db(self):
        self.golden("db-info.txt", self.expect(0, "db", "info", "x.odb").stdout)
        info = json.loads(self.expect(0, "db", "info", "--json", "x.odb").stdout)
        self.assertEqual(info["kinds"]["body"], 8)
        self.assertEqual(info["sources"][0]["signed"], True)
        p = self.expect(0, "db", "build", "-o", "out.odb", "bad")
        self.assertEqual(p.stderr, b"mine.hdb:3: refused: no colon: bad\\x1bline\n")
        self.assertIn(b"1 line refused", p.stdout)
        self.expect(1, "db", "check", "bad")
        self.expect(0, "db", "check", "good")
        self.expect(0, "db", "check", "x.odb")
        self.assertIn(b"outside the file", self.expect(2, "db", "check", "x.odb", FAKE_FAIL="facts").stderr)
        self.expect(2, "db", "build", "-o", "out.odb", "x", FAKE_FAIL="build")
        self.expect(2, "db", "build", "x")
        self.expect(2, "db", "build", "-o", "out")
        self.assertEqual(self.expect(0, "db", "list", "x", "--name=*Two").stdout, b"Fake.Two  body  fake.ndb:2\n")
        self.assertEqual(len(self.expect(0, "db", "list", "--json", "x").stdout.splitlines()), 2)
        self.assertEqual(self.expect(0, "db", "list", "x", "--kind=hash").stdout, b"")
        table = self.expect(0, "db", "cost", ".").stdout.decode().splitlines()
        self.assertIn("Dear.Sig-2  main.ndb:9", table[1])
        self.assertIn("90.0%", table[1])
        self.assertIn("1500.00", table[1])
        self.assertIn("Cheap.Sig-1", table[2])
        self.assertEqual(table[2].split()[:4], ["3.00", "1.000", "10.0%", "PE"])
        self.assertEqual([x.split() for x in table[5:7]], [["1500.00", "1.000", "90.0%", "any", "2.0;", "1"],
                                                           ["3.00", "1.000", "10.0%", "PE", "1.0;", "1"]])
        told = json.loads(self.expect(0, "db", "cost", "--json", ".").stdout.splitlines()[-1])["summary"]["targets"]
        self.assertEqual([(t["target"], t["name"], t["bytes"], t["work"]) for t in told],
                         [(0, "any", 2000000, 900), (1, "PE", 1000000, 100)])
        self.assertIn(b"a worker died", self.expect(2, "db", "cost", ".", FAKE_FAIL="cost").stderr)
        self.expect(2, "db", "cost", "absent")
        self.golden("db-diff.txt", self.expect(1, "db", "diff", "old", "new").stdout)
        self.expect(0, "db", "diff", "a", "b")
        self.expect(2, "db", "diff", "a")
        self.assertIn(b"did you mean info?", self.expect(2, "db", "inof").stderr)
        self.expect(2, "db")
        self.expect(0, "db", "--help")
        self.assertEqual(os.listdir(self.tmp), [])


class Completion(Case):
    def complete(self, *words):
        script = os.path.join(HERE, "..", "..", "completions", "overt.bash")
        p = subprocess.run(["bash", "-c", 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _overt; echo "${COMPREPLY[@]}"', "bash",
                            script, "overt", *words], capture_output=True, text=True, check=True)
        return p.stdout.split()

    def test_each_command_has_its_own_forms(self):
        self.assertEqual(self.complete("scan", "--format", ""), ["text", "jsonl", "sarif", "html"])
        self.assertEqual(self.complete("covered", "--format", "=", "o"), ["oscal"])
        self.assertEqual(self.complete("yara", "dump", "--format", ""), ["text", "json"])
        self.assertIn("bytecode", self.complete("db", "list", "--kind", "="))
        self.assertIn("nl-gov", self.complete("covered", "--profile", ""))
        self.assertIn("whois", self.complete("who"))


class Layout(Case):
    def test_a_worker_can_not_put_words_into_rules(self):
        rules = self.put("r.yar", "rule a { condition: true }")
        for more in (" rule b { condition: true }", "x", "\x01"):
            err = self.expect(2, "yara", "fmt", rules, FAKE_FORMAT=more).stderr
            self.assertIn(b"other words", err)
            self.assertEqual(self.expect(2, "yara", "fmt", "-", stdin=b"rule a { }", FAKE_FORMAT=more).stdout, b"")
            with open(rules, encoding="utf-8") as f:
                self.assertEqual(f.read(), "rule a { condition: true }")
        self.expect(0, "yara", "fmt", rules, FAKE_FORMAT="\n \n")
        with open(rules, encoding="utf-8") as f:
            self.assertEqual(f.read(), "rule a { condition: true }\n \n")


class Program(Case):
    def test_prove(self):
        self.golden("prove.txt", self.expect(0, "prove").stdout)
        p = self.expect(1, "prove", FAKE_FAIL="prove")
        self.assertIn(b"POSSIBLE: connected", p.stdout)
        self.assertEqual(json.loads(self.expect(0, "prove", "--json").stdout)["refused"], 2)
        self.expect(2, "prove", "something")

    def test_help(self):
        self.golden("help.txt", self.expect(0, "help").stdout)
        self.expect(0, "--help")
        self.expect(2)
        for command in (["scan"], ["explain"], ["prove"], ["clamscan"], ["db", "build"], ["db", "check"],
                        ["db", "info"], ["db", "list"], ["db", "diff"]):
            text = self.expect(0, *command, "--help").stdout
            self.assertEqual(text, self.expect(0, "help", *command).stdout)
            self.assertIn(b"Exit status", text)
            for line in text.splitlines():
                self.assertLessEqual(len(line), 100)
        p = self.expect(2, "scna")
        self.assertIn(b"did you mean scan?", p.stderr)
        self.assertIn(b"overt scan PATH", self.expect(2, "tree").stderr)
        self.expect(2, "help", "nothing")

    def test_version(self):
        p = self.expect(0, "--version")
        self.assertRegex(p.stdout.decode(), r"^overt \d+\.\d+\.\d+\ndatabase format \d+\nlicence Apache-2.0\n$")


class Clamscan(Case):
    def test_golden(self):
        self.golden("clamscan.txt", self.expect(1, "clamscan", "-r", "tree").stdout)
        self.golden("clamscan-all.txt", self.expect(1, "clamscan", "-r", "-z", "-a", "-v", "tree").stdout)
        self.golden("clamscan-infected.txt", self.expect(1, "clamscan", "-r", "-i", "--no-summary", "tree").stdout)

    def test_started_as_clamscan(self):
        link = os.path.join(self.dir, "clamscan")
        os.symlink(PROGRAM, link)
        p = subprocess.run([link, "tree/clean.txt"], cwd=self.dir, env=self.env(), capture_output=True, check=False)
        self.assertEqual(p.returncode, 0)
        self.assertTrue(p.stdout.startswith(b"tree/clean.txt: OK\n\n----------- SCAN SUMMARY"))

    def test_never_ok_unless_scanned(self):
        """Promise P1: an incompletely scanned file is not OK, and the exit code tells."""
        p = self.expect(2, "clamscan", "--no-summary", "tree/locked.zip")
        self.assertEqual(p.stdout, b"tree/locked.zip: Not fully scanned (encrypted: secret.txt) WARNING\n")
        p = self.expect(2, "clamscan", "--no-summary", "-i", "tree/locked.zip")
        self.assertEqual(p.stdout, b"")
        self.assertIn(b"Not fully scanned", p.stderr)
        self.expect(2, "clamscan", "--quiet", "tree/limited")
        self.expect(1, "clamscan", "tree/limited", "tree/bad.zip")

    def test_exit_codes(self):
        for code, names in ((0, ["clean.txt"]), (1, ["bad.zip"]), (2, ["none"]), (1, ["none", "bad.zip"]), (0, ["empty"]),
                            (2, ["failed"]), (2, ["fifo"])):
            self.expect(code, "clamscan", *["tree/" + n for n in names])
        self.expect(2, "clamscan", "--bogus")
        self.expect(2, "clamscan", "--max-filesize=foo", "x")
        self.expect(2, "clamscan", "--move=/nonexistent", "tree")

    def test_options(self):
        p = self.expect(0, "clamscan", "--no-sum", "--alert-macros", "--bytecode=no", "--max-partitions=3", "tree/clean.txt")
        self.assertEqual(p.stdout, b"tree/clean.txt: OK\n")
        self.assertIn(b"without effect in overt: --bytecode, --max-partitions\n", p.stderr)
        self.expect(2, "clamscan", "--include-pua=A", "--exclude-pua=B", "tree/clean.txt")
        self.expect(2, "clamscan", "--structured-ssn-format=3", "tree/clean.txt")
        self.expect(2, "clamscan", "--exclude-pua=" + 600 * "x", "tree/clean.txt")
        p = self.expect(0, "clamscan", "--no-summary", "-o", "tree/clean.txt", "tree/empty")
        self.assertEqual(p.stdout, b"tree/empty: Empty file\n")
        self.assertEqual(self.expect(1, "clamscan", "--quiet", "tree/bad.zip").stdout, b"")
        p = self.expect(1, "clamscan", "--no-summary", "-r", "--exclude=zip$", "--exclude-dir=none", "tree")
        self.assertIn(b"tree/bad.zip: Excluded\n", p.stdout)
        self.assertIn(b"tree/sub/rule: YARA.my_rule.UNOFFICIAL FOUND\n", p.stdout)
        p = self.expect(0, "clamscan", "--no-summary", "-r", "--include-dir=sub", "tree")
        self.assertEqual(p.stdout, b"tree: Excluded\n")
        p = self.expect(0, "clamscan", "--no-summary", "--follow-file-symlinks=0", "tree/link")
        self.assertEqual(p.stdout, b"tree/link: Symbolic link\n")
        self.put("list", "tree/clean.txt\ntree/empty\n")
        p = self.expect(0, "clamscan", "--no-summary", "-f", "list")
        self.assertEqual(p.stdout, b"tree/clean.txt: OK\ntree/empty: Empty file\n")
        p = self.expect(1, "clamscan", "--no-summary", "-", stdin=FILES["bad.zip"].encode())
        self.assertEqual(p.stdout, b"stdin: Eicar-Test FOUND\n")
        self.expect(2, "clamscan", "--fail-if-cvd-older-than=7", "tree/clean.txt")
        self.expect(0, "clamscan", "--fail-if-cvd-older-than=99999", "tree/clean.txt")

    def test_no_path(self):
        p = subprocess.run([PROGRAM, "clamscan", "--no-summary"], cwd=os.path.join(self.tree, "sub"), env=self.env(),
                           capture_output=True, check=False)
        self.assertEqual(p.stdout.decode(), os.path.realpath(self.tree) + "/sub/rule: YARA.my_rule.UNOFFICIAL FOUND\n")

    def test_log(self):
        self.expect(1, "clamscan", "--no-summary", "-l", "log", "tree/bad.zip", "tree/clean.txt")
        with open(os.path.join(self.dir, "log"), encoding="utf-8") as f:
            self.assertEqual(f.read(), "\n" + "-" * 79 + "\n\ntree/bad.zip: Eicar-Test FOUND\n")

    def test_actions(self):
        os.mkdir(os.path.join(self.dir, "q"))
        for n, name in enumerate(("x", "x.001")):
            x = self.put("x", FILES["bad.zip"])
            p = self.expect(1, "clamscan", "--no-summary", "--move=q", "x")
            self.assertIn(f"x (real path: '{os.path.realpath(self.dir)}/x'): moved to '{os.path.realpath(self.dir)}/q/{name}'\n",
                          p.stdout.decode(), n)
            self.assertFalse(os.path.exists(x))
        x = self.put("x", FILES["bad.zip"])
        self.expect(1, "clamscan", "--no-summary", "--copy=q", "x")
        self.assertTrue(os.path.exists(x))
        with open(os.path.join(self.dir, "q", "x.002"), encoding="utf-8") as f:
            self.assertEqual(f.read(), FILES["bad.zip"])
        self.assertIn(b"Removed.", self.expect(1, "clamscan", "--remove", "x").stdout)
        self.assertFalse(os.path.exists(x))
        x = self.put("x", "clean")
        self.expect(0, "clamscan", "--remove", "x")
        self.assertTrue(os.path.exists(x))

    def test_actions_through_links(self):
        """A given link: the file it leads to is acted on; the link stays, and nothing else goes."""
        real = self.put("far/real", FILES["bad.zip"])
        os.symlink(real, os.path.join(self.dir, "near"))
        self.expect(1, "clamscan", "--remove", "near")
        self.assertFalse(os.path.exists(real))
        self.assertTrue(os.path.islink(os.path.join(self.dir, "near")))
        self.assertEqual(os.listdir(os.path.join(self.dir, "far")), [])

    def test_actions_on_another_file(self):
        """The name leads to another file by the time of the action: it is left alone."""
        for n in range(3):
            self.put(f"swap/{n}", FILES["bad.zip"])
        p = subprocess.Popen([PROGRAM, "clamscan", "--remove", "swap"], cwd=self.dir, env=self.env(FAKE_SLOW_MS="1500"),
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(2)  # all were opened by now, and the last is judged after 4.5 s
        other = self.put("other", "precious")
        os.rename(other, os.path.join(self.dir, "swap/2"))
        _, err = p.communicate(timeout=30)
        self.assertEqual(p.returncode, 1)
        self.assertIn(b"not the file that was scanned", err)
        self.assertEqual(os.listdir(os.path.join(self.dir, "swap")), ["2"])


if __name__ == "__main__":
    words = [a for a in sys.argv[1:] if a != "--update"]
    PROGRAM = os.path.abspath(words[0])
    picks = [x for w in words[1:] for x in ("-k", w)]
    unittest.main(argv=[sys.argv[0], *picks])
