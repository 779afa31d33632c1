"""Runs ymod_dump and gives what a module says as {path: value}; what the tests of this folder share."""
import ast
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "samples"))
PROGRAM = os.environ.get("YMOD_DUMP", "")
ASK = ""  # ymod_ask


def parse(text):
    """Values by path; texts as bytes. Notes are the list under "!"."""
    values = {"!": []}
    for line in text.splitlines():
        if line.startswith("! "):
            values["!"].append(line[2:])
            continue
        path, value = line.split(" = ", 1)
        values[path] = ast.literal_eval("b" + value) if value.startswith('"') else float(value) if "." in value else int(value)
    return values


def dump(module, data, *options):
    with tempfile.NamedTemporaryFile() as f:
        f.write(data)
        f.flush()
        out = subprocess.run([PROGRAM, *options, module, f.name], capture_output=True, check=True, timeout=240)
    return parse(out.stdout.decode("ascii"))


def ask(module, data, *conditions):
    """Each condition's result on a file, as a word; at most 60 of them. Module data (-x) is the file as well."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, n) for n in ("file", "rules")]
        with open(paths[0], "wb") as f:
            f.write(data)
        with open(paths[1], "w") as f:
            f.write(f'import "{module}"\n' + "".join(f"rule r{i} {{ condition: {c} }}\n" for i, c in enumerate(conditions)))
        out = subprocess.run([ASK, *paths], capture_output=True, check=True, timeout=240)
    return out.stdout.decode().splitlines()


class ModuleTest(unittest.TestCase):
    module = ""

    def says(self, data, **expected):
        """The module says these of a file; None: undefined. Names have '__' for '.'."""
        got = dump(self.module, data)
        for key, value in expected.items():
            path = self.module + "." + key.replace("__", ".")
            self.assertEqual(got.get(path), value.encode() if isinstance(value, str) else value, path)
        return got

    def holds(self, data, *conditions):
        """Each of these conditions holds on a file."""
        for c, got in zip(conditions, ask(self.module, data, *conditions), strict=True):
            self.assertEqual(got, "true", c)

    def calm(self, data):
        """Every prefix, and every request for memory that fails: no crash, no report of a sanitizer."""
        dump(self.module, data, "-p")
        dump(self.module, data, "-f")


def main():
    global PROGRAM, ASK
    PROGRAM = sys.argv.pop(1)
    ASK = sys.argv.pop(1) if len(sys.argv) > 1 else ""
    unittest.main(module="__main__")
