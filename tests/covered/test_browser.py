#!/usr/bin/env python3
"""The HTML report as a person sees and prints it, in headless Chromium (Debian: chromium, poppler-utils; not installed by tools/deps.sh, for
they are large): nothing is fetched, nothing is cut off, the first page says what was found.

  test_browser.py PROGRAM WORKER [unittest arguments]
"""
import json
import os
import re
import shutil
import subprocess
import unittest

import cov_kit

CHROMIUM = shutil.which("chromium")


@unittest.skipUnless(CHROMIUM and shutil.which("pdftotext"), "chromium or pdftotext is not installed: the report was not looked at in a browser")
class Browser(cov_kit.Case):
    def chromium(self, *args):
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                 "--disable-component-update", "--disable-sync", "--user-data-dir=" + self.path("profile")]
        env = dict(self.env, HOME=self.dir)
        p = subprocess.run([CHROMIUM, *flags, *args, "file://" + self.path("r.html")], cwd=self.dir, env=env, capture_output=True, timeout=120, check=False)
        self.assertEqual(p.returncode, 0, p.stderr.decode(errors="replace"))
        return p.stdout.decode("utf-8")

    def setUp(self):
        super().setUp()
        self.root()
        self.put("root/app/package-lock.json", json.dumps(cov_kit.LOCK))
        self.put("root/" + "long-name-" * 20 + "/package-lock.json", json.dumps(cov_kit.LOCK))
        self.put("r.html", self.run_covered(1, "--format", "html", "root").stdout)

    def test_screen(self):
        """The page is whole, and nothing is wider than it."""
        dom = self.chromium("--window-size=800,1200", "--dump-dom")
        self.assertTrue(dom.rstrip().endswith("</body></html>"))
        self.assertEqual(len(re.findall(r"<article", dom)), 4)
        with open(self.path("r.html"), encoding="utf-8") as f:
            page = f.read()
        with open(self.path("r.html"), "w", encoding="utf-8") as f:
            f.write(page.replace("</body>", "<script>document.title=document.documentElement.scrollWidth<=innerWidth?'fits':'too wide'</script></body>"))
        self.assertIn("<title>fits</title>", self.chromium("--window-size=800,1200", "--dump-dom"))

    def test_print(self):
        self.chromium("--no-pdf-header-footer", "--print-to-pdf=" + self.path("r.pdf"))
        text = subprocess.run(["pdftotext", "-layout", "r.pdf", "-"], cwd=self.dir, capture_output=True, check=True).stdout.decode()
        pages = text.rstrip("\f\n").split("\f")
        self.assertLessEqual(len(pages), 12)
        for words in ("1 found", "Kaspersky Security Center Network Agent", "prohibited", "2024-09-29"):
            self.assertIn(words, pages[0])
        for words in ("Not legal advice", "not legal advice"):
            if words in text:
                break
        else:
            self.fail("the page does not say that it is no legal advice")
        self.assertGreaterEqual(min(len(p.split()) for p in pages), 10)  # no page is empty
        os.remove(self.path("r.pdf"))


if __name__ == "__main__":
    cov_kit.main()
