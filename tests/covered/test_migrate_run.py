#!/usr/bin/env python3
"""overt migrate run and undo: a yes for each step and group, the order, the probe before any removal, what a crash leaves, undoing, records.

Machines are folders; `ssh HOST COMMAND...` is a script that runs a command in one.

  test_migrate_run.py PROGRAM WORKER [unittest arguments]      $OVERT_UPDATE: the program that makes keys
"""
import hashlib
import json
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import time
import unittest

import cov_kit

SSH = '#!/bin/sh\nset -e\nhost=$1\nshift\ncd "$HOSTS/$host"\necho "$host: $*" >> "$HOSTS/log"\nexec "$@"\n'
# A product that guards: installed where the file `new` is, it removes what `probe` puts there.
PROBE = '#!/bin/sh\n[ -e new ] && [ -e old ] && touch proved\n[ -e new ]\n'

PLAN = """overt.migrate.plan/v1
plan move-1
target: root

group canary
host: c1

group servers
host: s1 s2

step tell
name: Tell the owners
by-hand: write to the owners of the machines
undo-by-hand: write again

step install
name: Install what comes after
kind: install
do: ssh {host} touch new
verify: ssh {host} test -e new
undo: ssh {host} rm new

step prove
name: Show that it detects
kind: probe
do: ssh {host} probe
no-undo: nothing was changed

step remove
name: Remove the old product
kind: remove
needs: tell
do: ssh {host} rm old
verify: ssh {host} test ! -e old
undo: ssh {host} touch old
"""
ALL = [f"{s}@{g}" for s in ("tell", "install", "prove", "remove") for g in ("canary", "servers")]


class Run(cov_kit.Case):
    def setUp(self):
        super().setUp()
        self.addCleanup(os.umask, os.umask(0o022))
        for name in ("ssh", "probe"):
            os.chmod(self.put("bin/" + name, SSH if name == "ssh" else PROBE), 0o755)
        for host in ("c1", "s1", "s2"):
            self.put(f"hosts/{host}/old", "x")
        self.env.update(PATH=self.path("bin") + ":" + os.environ["PATH"], HOSTS=self.path("hosts"))
        if "OVERT_UPDATE" in os.environ:
            self.env["OVERT_UPDATE"] = os.environ["OVERT_UPDATE"]
        self.put("root/var/lib/dpkg/status", cov_kit.STATUS[cov_kit.STATUS.index("Package: bash"):])
        self.vkey = self.run_overt(0, "publish", "key", "it.example", "-o", "it.key").stdout.decode().strip()
        self.put("p.plan", PLAN)

    def go(self, code, *args, yes=(), verb="run"):
        key = ["--key", "it.key"] if verb == "run" else []
        return self.run_overt(code, "migrate", verb, *key, *[w for y in yes for w in ("--yes", y)], *args, "p.plan")

    def has(self, host, *names):
        self.assertEqual(sorted(os.listdir(self.path("hosts/" + host))), sorted(names), host)

    def log(self):
        if not os.path.exists(self.path("hosts/log")):
            return []
        with open(self.path("hosts/log"), encoding="ascii") as f:
            return f.read().splitlines()

    def journal(self):
        with open(self.path("p.plan.journal"), encoding="utf-8") as f:
            return [json.loads(line) for line in f]

    def change(self, old, new):
        self.assertIn(old, PLAN)
        self.put("p.plan", PLAN.replace(old, new))

    # ---- all of it ----

    def test_all(self):
        self.assertIn(b"nothing was run", self.run_overt(1, "migrate", "run", "-n", "p.plan").stdout)
        self.assertFalse(os.path.exists(self.path("p.plan.journal")))
        p = self.go(0, yes=ALL)
        for host in ("c1", "s1", "s2"):
            self.has(host, "new", "proved")
        self.assertEqual(self.log()[:4], ["c1: touch new", "c1: test -e new", "s1: touch new", "s2: touch new"])
        self.assertIn(b"$ ssh s2 rm old", p.stdout)
        self.assertIn(b"after the move: 0 found, 0 undetermined, 0 not read", p.stdout)
        self.run_overt(0, "migrate", "verify", "--verifier", self.vkey, "p.plan.before.note", "p.plan.after.note")
        # Once more: nothing is run again, and nothing needs a yes.
        before = self.log()
        self.go(0)
        self.assertEqual(self.log(), before)
        self.assertIn(b"now       done", self.run_overt(0, "migrate", "run", "--dry-run", "p.plan").stdout)

    def test_journal(self):
        self.put("bin/probe", "#!/bin/sh\necho seen; printf '\\033[2Jx'\n")
        p = self.go(0, yes=ALL)
        self.assertNotIn(b"\033[2J", p.stdout)
        entries = self.journal()
        self.assertEqual([e["event"] for e in entries[:5]], ["open", "record", "consent", "done", "consent"])
        self.assertEqual(os.stat(self.path("p.plan.journal")).st_mode & 0o777, 0o600)
        with open(self.path("p.plan.journal"), "rb") as f:
            lines = f.read().split(b"\n")[:-1]
        prev = "0" * 64
        for line in lines:
            self.assertEqual(json.loads(line)["prev"], prev)
            prev = hashlib.sha256(line).hexdigest()
        number, begin = next((i, e) for i, e in enumerate(entries) if e["event"] == "begin" and e["step"] == "prove")
        end = entries[number + 1]
        self.assertEqual((begin["argv"], begin["host"], begin["way"], end["event"], end["exit"]), (["ssh", "c1", "probe"], "c1", "do", "end", 0))
        with open(self.path(f"p.plan.journal.out/{number:06}"), "rb") as f:
            kept = f.read()
        self.assertEqual((kept, end["output"], end["bytes"]), (b"seen\n\x1b[2Jx", hashlib.sha256(kept).hexdigest(), len(kept)))

    # ---- consent ----

    def test_no_yes_no_run(self):
        p = self.go(2)
        self.assertIn(b"tell@canary: nobody said yes", p.stderr)
        p = self.go(2, yes=ALL[:3])
        self.assertIn(b"install@servers: nobody said yes", p.stderr)
        self.has("c1", "old", "new")
        self.has("s1", "old")

    def test_no_blanket_yes(self):
        for word in ("all", "*", "*@*", "remove@*", "remove", "@servers", "remove@servers@", "none@servers"):
            self.assertIn(b"names no step and group", self.go(3, yes=[word]).stderr)
        # Words on standard input are nobody's yes.
        p = subprocess.run([cov_kit.PROGRAM, "migrate", "run", "--key", "it.key", "p.plan"], input=b"yes\n" * 50, cwd=self.dir, env=self.env,
                           capture_output=True, check=False, timeout=120)
        self.assertEqual(p.returncode, 2, p.stderr)
        self.assertEqual(self.log(), [])

    def test_groups(self):
        p = self.go(2, "--group", "canary", yes=ALL[::2])
        self.assertIn(b"the plan has others", p.stdout)
        self.has("c1", "new", "proved")
        self.has("s1", "old")
        self.assertFalse(os.path.exists(self.path("p.plan.after.note")))
        self.go(3, "--group", "none")
        self.go(0, yes=ALL[1::2])
        self.has("s2", "new", "proved")

    def test_key(self):
        self.assertIn(b"--key", self.run_overt(3, "migrate", "run", "--yes", ALL[0], "p.plan").stderr)
        self.assertNotIn("consent", [e["event"] for e in self.journal()])

    # ---- a removal waits for its proof ----

    def test_probe_first(self):
        self.put("bin/probe", "#!/bin/sh\nexit 1\n")
        p = self.go(1, yes=ALL)
        self.assertIn(b"prove@canary: exit code 1", p.stderr)
        self.assertIn(b"overt migrate undo p.plan", p.stdout)
        self.go(2, "--skip", "prove@canary", "--skip", "prove@servers", yes=["remove@canary"])  # begun: not left out
        self.has("c1", "old", "new")

    def test_probe_left_out(self):
        p = self.go(3, "--skip", "prove@canary", "--skip", "prove@servers", yes=[a for a in ALL if "prove" not in a])
        self.assertIn(b"the old product stays: prove", p.stderr)
        self.has("c1", "old", "new")

    def test_undoing_takes_the_proof_away(self):
        self.go(2, yes=ALL[:6])
        self.go(0, "--skip", "prove@servers", "--skip", "prove@canary", yes=["install@servers", "install@canary", "tell@servers", "tell@canary"], verb="undo")
        self.has("s1", "old", "proved")
        p = self.go(2, yes=[a for a in ALL if "prove" not in a])
        self.assertIn(b"prove@canary: nobody said yes", p.stderr)

    def test_needs(self):
        p = self.go(3, "--skip", "tell@canary", yes=ALL[2:] + ["tell@servers"])
        self.assertIn(b"remove@canary: it needs a step that is not done: tell", p.stderr)

    # ---- failures and undoing ----

    def test_failure_stops(self):
        os.remove(self.path("hosts/s1/old"))
        os.mkdir(self.path("hosts/s1/old"))  # rm fails
        p = self.go(1, yes=ALL)
        self.assertIn(b"remove@servers: exit code 1", p.stderr)
        self.has("c1", "new", "proved")
        self.has("s2", "new", "old", "proved")
        self.assertNotIn("s2: rm old", self.log())
        self.assertIn("failed", [e["event"] for e in self.journal()])
        # Mended: goes on where it stopped, and repeats nothing.
        os.rmdir(self.path("hosts/s1/old"))
        self.put("hosts/s1/old", "x")
        self.go(0, yes=["remove@servers"])
        self.has("s2", "new", "proved")
        self.assertEqual(self.log().count("c1: rm old"), 1)

    def test_verify_must_hold(self):
        self.change("verify: ssh {host} test -e new", "verify: ssh {host} test -e none")
        p = self.go(1, yes=ALL)
        self.assertIn(b"install@canary: exit code 1", p.stderr)
        self.assertNotIn("install", [e["step"] for e in self.journal() if e["event"] == "done"])

    def test_undo(self):
        self.go(0, yes=ALL)
        p = self.go(2, verb="undo")
        self.assertIn(b"remove@servers: nobody said yes to undo", p.stderr)
        self.go(2, yes=["remove@servers", "remove@canary"], verb="undo")  # no-undo: must be said, too
        self.has("s1", "new", "old", "proved")
        undone = [f"{e['step']}@{e['group']}" for e in self.journal() if e["event"] == "undone"]
        self.assertEqual(undone, ["remove@servers", "remove@canary"])  # the newest first
        self.go(0, "--skip", "prove@servers", "--skip", "prove@canary",
                yes=["install@servers", "install@canary", "tell@servers", "tell@canary"], verb="undo")
        self.has("s1", "old", "proved")
        self.go(0, "--skip", "prove@servers", "--skip", "prove@canary", verb="undo")
        # And once more from the start.
        self.go(0, yes=ALL)
        self.has("s1", "new", "proved")

    def test_undo_that_fails(self):
        self.go(0, yes=ALL)
        shutil.rmtree(self.path("hosts/s1"))
        self.go(1, yes=["remove@servers"], verb="undo")
        self.assertEqual([e for e in self.journal() if e["event"] == "undone"], [])
        self.put("hosts/s1/new", "x")
        self.go(2, yes=["remove@servers"], verb="undo")
        self.has("s1", "new", "old")

    def test_timeout(self):
        self.change("do: ssh {host} touch new", "timeout: 1s\ndo: sleep 60")
        start = time.monotonic()
        self.assertIn(b"longer than its timeout", self.go(1, yes=ALL).stderr)
        self.assertLess(time.monotonic() - start, 30)

    def test_what_stays_behind_does_not_hold_it(self):
        """A command that leaves a process with its output open: an installer that starts a service."""
        self.change("do: ssh {host} touch new", "do: sh -c 'sleep 30 & echo started; touch $HOSTS/c1/new $HOSTS/s1/new $HOSTS/s2/new'")
        start = time.monotonic()
        self.assertIn(b"| started", self.go(0, yes=ALL).stdout)
        self.assertLess(time.monotonic() - start, 25)

    def test_nor_what_it_writes_for_ever(self):
        self.change("do: ssh {host} touch new", "do: sh -c 'yes left & touch $HOSTS/c1/new $HOSTS/s1/new $HOSTS/s2/new'")
        self.assertIn(b"| left", self.go(0, yes=ALL).stdout)

    # ---- crashes ----

    def crash(self):
        """Killed while a command runs."""
        self.change("do: ssh {host} touch new", "do: ssh {host} sleep 2")
        p = subprocess.Popen([cov_kit.PROGRAM, "migrate", "run", "--key", "it.key", *[w for y in ALL for w in ("--yes", y)], "p.plan"], cwd=self.dir,
                             env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 60
        while "c1: sleep 2" not in self.log() and time.monotonic() < end:
            time.sleep(0.05)
        p.send_signal(signal.SIGKILL)
        p.wait()
        self.assertEqual(self.journal()[-1]["event"], "begin")

    def test_crash(self):
        self.crash()
        p = self.go(2, yes=ALL)
        self.assertIn(b"how it ended was never written down", p.stderr)
        self.assertIn(b"$ ssh c1 sleep 2", p.stdout)
        self.put("hosts/c1/new", "")
        self.put("hosts/s1/new", "")
        self.put("hosts/s2/new", "")
        self.go(0, "--ended", "install@canary", yes=ALL)
        self.assertEqual(self.log().count("c1: sleep 2"), 1)

    def test_crash_run_again(self):
        self.crash()
        for host in ("c1", "s1", "s2"):
            self.put(f"hosts/{host}/new", "")
        self.go(0, "--again", "install@canary", yes=ALL)
        self.assertEqual(self.log().count("c1: sleep 2"), 2)

    def test_torn_line(self):
        self.go(2, yes=ALL[:2])
        with open(self.path("p.plan.journal"), "ab") as f:
            f.write(b'{"overt":"overt.migrate.journal/v1","event":"be')
        self.assertIn(b"never finished", self.go(0, yes=ALL).stderr)
        self.journal()

    def test_forged_journal(self):
        self.go(2, yes=ALL[:2])
        with open(self.path("p.plan.journal"), "rb") as f:
            good = f.read()
        lines = good.split(b"\n")
        for bad in (good.replace(b'"step":"tell"', b'"step":"prove"'), b"\n".join(lines[:2] + lines[3:]), good + good, good + b"{}\n", good + b"x\n",
                    b"\n".join(lines[1:])):
            self.put("p.plan.journal", bad)
            self.assertIn(b"p.plan.journal", self.go(3, yes=ALL).stderr)
        self.put("p.plan.journal", good)
        self.change("plan move-1", "plan move-2")
        self.assertIn(b"another plan", self.go(3, yes=ALL).stderr)
        self.assertEqual(self.log(), [])

    def test_plan_changed(self):
        self.go(2, yes=ALL[:4])
        self.change("do: ssh {host} touch new", "do: ssh {host} touch newer")
        self.assertIn(b"the plan was changed after this was done", self.go(3, yes=ALL).stderr)
        self.put("p.plan", PLAN.replace("step tell", "step told").replace("needs: tell", "needs: told"))
        self.assertIn(b"does not have (any more)", self.go(3).stderr)

    def test_others_may_not_change_it(self):
        """What others can write to is nobody's plan, and nobody's journal."""
        for mode in (0o666, 0o664, 0o646):
            os.chmod(self.path("p.plan"), mode)
            self.assertIn(b"others can change it", self.go(3, yes=ALL).stderr)
        os.chmod(self.path("p.plan"), 0o644)
        self.put("p.plan.journal", "")
        os.chmod(self.path("p.plan.journal"), 0o666)
        self.assertIn(b"what counts as done", self.go(3, yes=ALL).stderr)
        os.remove(self.path("p.plan.journal"))
        os.makedirs(self.path("p.plan.journal.out"))
        os.chmod(self.path("p.plan.journal.out"), 0o777)
        self.assertIn(b"others can write there", self.go(3, yes=ALL).stderr)
        os.symlink("elsewhere", self.path("j"))
        self.go(3, "--journal", "j", yes=ALL)
        self.assertEqual(self.log(), [])

    def test_dry_run(self):
        self.go(2, yes=ALL[:5])
        p = json.loads(self.run_overt(1, "migrate", "run", "-n", "--format", "json", "--group", "servers", "p.plan").stdout)
        self.assertEqual((p["plan"], p["before"], [(s["step"], s["group"], s["status"]) for s in p["steps"]]),
                         ("move-1", "p.plan.before.note", [("tell", "servers", "done"), ("install", "servers", "done"), ("prove", "servers", "none"), ("remove", "servers", "none")]))
        self.assertEqual((p["steps"][3]["kind"], p["steps"][3]["do"], p["steps"][3]["undo"]), ("remove", [["ssh", "s1", "rm", "old"], ["ssh", "s2", "rm", "old"]],
                                                                                               [["ssh", "s1", "touch", "old"], ["ssh", "s2", "touch", "old"]]))
        self.assertIn("the old product stays", p["steps"][3]["hindered"])

    def test_two_at_once(self):
        import fcntl
        self.go(2)
        with open(self.path("p.plan.journal"), "rb") as f:
            fcntl.flock(f, fcntl.LOCK_EX)
            self.assertIn(b"another run is at work", self.go(3, yes=ALL).stderr)

    # ---- plans that are refused ----

    def test_refused(self):
        cases = [
            ("do: ssh {host} rm old", "do: ssh {host} rm <WHAT>", b"filled in"),
            ("do: ssh {host} rm old", "do: ssh {host} rm old && reboot", b"single quotes"),
            ("do: ssh {host} rm old", "do: ssh {host} rm o*", b"single quotes"),
            ("do: ssh {host} rm old", "do: ssh {host} rm \"$X\"", b"single quotes"),
            ("do: ssh {host} rm old", "do: ssh {host} 'rm old", b"not closed"),
            ("do: ssh {host} rm old", "do: '' x", b"begins with a program"),
            ("do: ssh {host} rm old", "do: ssh {host} rm \u202eold", b"can't be shown"),
            ("do: ssh {host} rm old", "do: ssh {host} rm old\x1b[2J", b"can't be shown"),
            ("do: ssh {host} rm old", "do@none: x", b"no group of this name"),
            ("undo: ssh {host} touch old\n", "", b"undo"),
            ("kind: probe\n", "", b"it removes, and no step above of kind probe"),
            ("do: ssh {host} probe", "by-hand: look", b"a probe is a command"),
            ("kind: probe", "kind: prove", b"kind: is"),
            ("host: c1\n", "", b"{host}"),
            ("host: c1", "host: -oProxyCommand=x", b"host's name"),
            ("needs: tell", "needs: later", b"needs: names a step"),
            ("step install", "step tell", b"there already"),
            ("target: root\n", "", b"target"),
            ("name: Tell the owners\n", "name: a\nname: b\n", b"may stand once"),
            ("name: Tell the owners\n", "name: a\ncolour: b\n", b"no field"),
            ("overt.migrate.plan/v1", "overt.migrate.plan/v12", b"another form"),
            ("group canary", "groups canary", b"begins with plan, group or step"),
            ("do: ssh {host} rm old", "do: nosuchprogram-x", b"no such program"),
        ]
        for old, new, why in cases:
            self.change(old, new)
            p = self.go(3, yes=ALL)
            self.assertIn(why, p.stderr, new)
            self.assertNotIn("rm old", " ".join(self.log()), new)
            for name in ("p.plan.journal", "hosts/log"):
                if os.path.exists(self.path(name)):
                    os.remove(self.path(name))
        self.put("p.plan", PLAN + "step " + "x" * 5000 + "\n")
        self.assertIn(b"4096", self.go(3).stderr)
        self.put("p.plan", "no plan\n")
        self.assertIn(b"is no plan", self.go(3).stderr)
        self.go(3, "p.plan")

    def test_words(self):
        """Quotes keep words together; nothing is expanded."""
        self.put("bin/say", "#!/bin/sh\nprintf '<%s>' \"$@\" > \"$HOSTS/said\"\n")
        os.chmod(self.path("bin/say"), 0o755)
        self.change("do: ssh {host} touch new\n", "do: say 'a  $b' \"c\\\"d\\\\ ;\" '' x'y z' {host}.example\ndo: ssh {host} touch new\n")
        self.go(0, yes=ALL)
        with open(self.path("hosts/said"), encoding="ascii") as f:
            self.assertEqual(f.read(), "<a  $b><c\"d\\ ;><><xy z><s2.example>")

    # ---- the plan that `plan --write` writes ----

    def test_written(self):
        self.root()
        self.run_overt(1, "migrate", "plan", "--group", "canary", "--group", "servers", "--write", "w.plan", "root")
        self.run_overt(3, "migrate", "plan", "--group", "canary", "--write", "w.plan", "root")
        self.run_overt(3, "migrate", "plan", "--group", "a b", "--write", "v.plan", "root")
        with open(self.path("w.plan"), encoding="utf-8") as f:
            text = f.read()
        self.assertEqual(text.count("do: ssh {host} dpkg --remove klnagent64\n"), 1)
        self.assertIn("do: ssh {host} overt migrate probe <FOLDER>\n", text)
        err = self.run_overt(3, "migrate", "run", "--key", "it.key", "w.plan").stderr
        self.assertEqual(err.count(b"filled in"), 2)
        text = text.replace("<FOLDER>", "/srv").replace("<THE .deb OF klnagent64 THAT YOU KEPT>", "/srv/k.deb")
        text = text.replace("# host: NAME", "host: c1\n#", 1)
        self.put("w.plan", text)
        self.assertIn(b"{host}", self.run_overt(3, "migrate", "run", "-n", "w.plan").stderr)
        self.put("w.plan", text.replace("# host: NAME", "host: s1 s2\n#", 1))
        p = self.run_overt(1, "migrate", "run", "-n", "w.plan")
        self.assertIn(b"runs      ssh s2 dpkg --remove klnagent64", p.stdout)
        self.assertIn(b"the old product stays", p.stdout)

    def test_the_own_probe(self):
        """`overt` in a plan is this very program."""
        self.change("do: ssh {host} probe", "do: overt migrate probe --wait 200ms hosts")
        self.assertIn(b"not detected", self.go(1, yes=ALL).stdout)

    # ---- on a terminal ----

    def talk(self, *answers, verb="run", groups=("canary",)):
        """Runs on a terminal of its own; each answer when something was asked. @return exit code, all that was shown."""
        args = [cov_kit.PROGRAM, "migrate", verb, *(["--key", "it.key"] if verb == "run" else []), *[w for g in groups for w in ("--group", g)], "p.plan"]
        pid, fd = pty.fork()
        if pid == 0:
            os.chdir(self.dir)
            os.execve(args[0], args, self.env)
        shown, left = b"", list(answers)
        end = time.monotonic() + 120
        while time.monotonic() < end:
            if not select.select([fd], [], [], 0.2)[0]:
                continue
            try:
                part = os.read(fd, 4096)
            except OSError:
                break
            if not part:
                break
            shown += part
            if shown.endswith(b"> ") and left:
                os.write(fd, left.pop(0).encode() + b"\n")
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode(errors="replace")

    def test_talk(self):
        code, shown = self.talk("y", "yes", "yes", "no")
        self.assertEqual(code, 2, shown)
        self.assertIn("Only a whole word counts", shown)
        self.assertIn("Did you do this? Type one of: yes skip no", shown)
        self.assertIn("runs      ssh c1 touch new", shown)
        self.assertIn("undo      ssh c1 rm new", shown)
        self.has("c1", "old", "new")
        code, shown = self.talk("yes", "yes")
        self.assertEqual(code, 2, shown)  # the other group waits
        self.has("c1", "new", "proved")
        code, shown = self.talk("yes", "yes", "yes", "yes", verb="undo")
        self.assertEqual(code, 0, shown)
        self.has("c1", "old", "proved")

    def test_typed_ahead(self):
        """Words that were typed before a question was asked are no answer to it."""
        code, shown = self.talk("yes\nyes\nyes\nyes\nyes", "no")
        self.assertEqual(code, 2, shown)
        self.assertIn("install@canary: not done", shown)
        self.has("c1", "old")

    def test_talk_after_a_failure(self):
        self.put("bin/probe", "#!/bin/sh\nexit 3\n")
        code, shown = self.talk("yes", "yes", "yes", "yes", "skip", "yes", "no")
        self.assertEqual(code, 1, shown)
        self.assertIn("Undo what was done, step by step", shown)
        self.assertLess(shown.index("prove@canary: exit code 3"), shown.index("Undo what was done"))
        self.has("c1", "old")


if __name__ == "__main__":
    cov_kit.main()
