"""What the tests of overt inventory share: a folder, files put there, the inventory taken of it."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

PROGRAM = WORKER = ""


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="ov-inv-")
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        os.chmod(self.dir, 0o755)
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("OVERT_", "XDG_"))}
        self.env.update(OVERT_WORKER=WORKER, LC_ALL="C")

    def path(self, name):
        return os.path.join(self.dir, name)

    def put(self, name, data=b"", mode=0o644, time=None):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "wb") as f:
            f.write(data.encode() if isinstance(data, str) else data)
        os.chmod(self.path(name), mode)
        if time is not None:
            os.utime(self.path(name), (time, time))
        return self.path(name)

    def run_overt(self, code, *args):
        p = subprocess.run([PROGRAM, "inventory", *args], cwd=self.dir, env=self.env, capture_output=True, timeout=120,
                           check=False)
        if code is not None:
            self.assertEqual(p.returncode, code, p.stdout.decode() + p.stderr.decode())
        return p

    def take(self, root, code=0):
        p = self.run_overt(code, "--json", "--root", self.path(root))
        p.stdout.decode("utf-8")  # valid, whatever came in
        return json.loads(p.stdout)

    def one(self, inventory, **want):
        found = [c for c in inventory["components"] if all(c.get(k) == v for k, v in want.items())]
        self.assertEqual(len(found), 1, f"{want} in {json.dumps(inventory, indent=1)[:4000]}")
        return found[0]

    @staticmethod
    def evidence(component, kind):
        return [e for e in component["evidence"] if e["kind"] == kind]


def main():
    global PROGRAM, WORKER
    PROGRAM, WORKER = (os.path.abspath(p) for p in sys.argv[1:3])
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
