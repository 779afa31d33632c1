"""What the tests of `overt covered` share: a folder of one's own, made roots, a run whose exit code is held to what is expected."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

PROGRAM = WORKER = ""
ELF = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\x3e\x00" + bytes(44)

STATUS = """Package: klnagent64
Status: install ok installed
Maintainer: somebody
Architecture: amd64
Version: 15.0.0-1
Description: agent

Package: bash
Status: install ok installed
Maintainer: Debian
Architecture: amd64
Version: 5.2
Description: shell

"""
BOM = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
       "metadata": {"component": {"type": "application", "name": "mail gateway", "version": "3"}},
       "components": [{"type": "library", "name": "content filter", "version": "1", "components": [
           {"type": "library", "name": "engine", "version": "8", "supplier": {"name": "AO Kaspersky Lab"}}]}]}
LOCK = {"name": "x", "version": "1.0.0", "lockfileVersion": 3, "packages": {
    "": {"name": "x"}, "node_modules/@kaspersky/hexa-ui-core": {"version": "1.2.3", "resolved": "https://example.invalid/x.tgz"}}}


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="ov-cov-")
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        os.chmod(self.dir, 0o755)
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("OVERT_", "XDG_"))}
        self.env.update(OVERT_WORKER=WORKER, LC_ALL="C")

    def path(self, name):
        return os.path.join(self.dir, name)

    def put(self, name, data=b"", time=None):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(data.encode() if isinstance(data, str) else data)
        if time is not None:
            os.utime(path, (time, time))
        return path

    def run_overt(self, code, *args, stdin=None, cwd=None):
        p = subprocess.run([PROGRAM, *args], cwd=cwd or self.dir, env=self.env, capture_output=True, timeout=120, check=False,
                           input=stdin)
        self.assertEqual(p.returncode, code, p.stdout.decode(errors="replace") + p.stderr.decode(errors="replace"))
        return p

    def run_covered(self, code, *args):
        return self.run_overt(code, "covered", *args)

    def judge(self, code, *args):
        return json.loads(self.run_covered(code, "--format", "json", *args).stdout)

    def root(self, name="root"):
        self.put(f"{name}/var/lib/dpkg/status", STATUS)
        self.put(f"{name}/var/lib/dpkg/info/klnagent64.list", "/opt\n/opt/kaspersky/klnagent64/bin/klnagent\n", time=1730419200)
        self.put(f"{name}/opt/kaspersky/klnagent64/bin/klnagent", "x")


def main():
    global PROGRAM, WORKER
    PROGRAM, WORKER = (os.path.abspath(p) for p in sys.argv[1:3])
    unittest.main(module="__main__", argv=[sys.argv[0], *sys.argv[3:]])
