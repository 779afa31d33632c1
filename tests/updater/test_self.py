#!/usr/bin/env python3
"""overt verify --self, end to end: test_self.py OVERT OVERT_WORKER OVERT_UPDATE

These very programs as releases in a log, statements of rebuilders, plain, signed and in an envelope; other bytes; none of it.
"""
import base64
import subprocess
import hashlib
import json
import os
import platform
import sys
import unittest

from kit import OVERT, Releases, UPDATE, WORKER, run

PROGRAMS = {"overt": OVERT, "overt-update": UPDATE, "overt-worker": WORKER}


def digest(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


class Self(Releases):
    def path(self, name):
        return self.world.path(f"{self.count}-{name}")

    def verify(self, code, *more, folder=None):
        return json.loads(run("verify", "--self", "--json", "--folder", folder or self.path("none"), *more, code=code).stdout)

    def statement(self, name="statement.json", builder="urn:test:rebuilder", change=(), source=None, **more):
        own = self.verify(None)
        subjects = [{"name": n, "digest": {"sha256": digest(p) if n not in change else "0" * 64}} for n, p in PROGRAMS.items()]
        s = {"_type": "https://in-toto.io/Statement/v1", "subject": subjects, "predicateType": "https://slsa.dev/provenance/v1",
             "predicate": {"buildDefinition": {"buildType": "t", "externalParameters": {"version": own["version"], "commit": own["commit"],
                                                                                         "source": source or own["source"]}},
                           "runDetails": {"builder": {"id": builder}}}, **more}
        with open(self.path(name), "w", encoding="ascii") as f:
            f.write(json.dumps(s) + "\n")
        return self.path(name)

    def in_log(self, change=()):
        """Releases the programs, with other bytes for those in `change`, and takes the newest entry."""
        version = self.verify(None)["version"]
        for name, path in PROGRAMS.items():
            with open(path, "rb") as f:
                data = f.read() + (b"x" if name in change else b"")
            self.world.add(f"{name}-{version}-{platform.machine()}", version, data, "--channel", "programs")
        self.world.sign()
        self.world.release()
        took = json.loads(run("update", "--from", self.server.url, "--folder", self.client, "--json", "--no-canary", "--root",
                              self.world.path("root.1")).stdout)
        self.assertEqual([d["name"] for d in took["databases"]], ["test.ndb"])  # programs are no databases
        return self.client

    def words(self, r):
        return {p["name"]: p["log"] for p in r["programs"]}

    def test_no_log(self):
        r = self.verify(3)
        self.assertEqual(self.words(r), dict.fromkeys(PROGRAMS, "unknown"))
        self.assertEqual({p["name"]: p["sha256"] for p in r["programs"]}, {n: digest(p) for n, p in PROGRAMS.items()})
        text = run("verify", "--self", "--folder", self.path("none"), code=3).stdout
        self.assertIn("no log is known on this machine", text)

    def test_log(self):
        """Not in it; other bytes in it; in it; withdrawn."""
        run("update", "--from", self.server.url, "--folder", self.client, "--json", "--no-canary", "--root", self.world.path("root.1"))
        self.assertEqual(self.words(self.verify(3, folder=self.client)), dict.fromkeys(PROGRAMS, "absent"))
        folder = self.in_log(change=("overt-worker",))
        self.assertEqual(self.words(self.verify(1, folder=folder)), {"overt": "matches", "overt-update": "matches", "overt-worker": "differs"})
        self.assertIn("DIFFERS: the log names other bytes", run("verify", "--self", "--folder", folder, code=1).stdout)
        self.client = self.path("again")
        folder = self.in_log()
        r = self.verify(0, folder=folder)
        self.assertEqual(self.words(r), dict.fromkeys(PROGRAMS, "matches"))
        self.assertGreater(r["programs"][0]["leaf"], 0)
        self.assertIn("matches leaf", run("verify", "--self", "--folder", folder).stdout)
        run("publish", "withdraw", self.world.path("site"), digest(UPDATE), "a weakness")
        self.world.sign()
        self.world.release()
        run("update", "--from", self.server.url, "--folder", folder, "--json", "--no-canary")
        r = self.verify(1, folder=folder)
        self.assertEqual(r["programs"][1]["withdrawn"], "a weakness")

    def test_programs_are_no_databases(self):
        p = run("update", "--from", self.server.url, "--folder", self.client, "--channel", "programs", "--root", self.world.path("root.1"), code=2)
        self.assertIn("no databases", p.stderr)

    def test_statements(self):
        """Unsigned proves nothing; signed by a known key it does; one that differs is told, whoever signed it."""
        plain = self.statement()
        r = self.verify(3, "--attestation", plain)
        self.assertEqual({(a["program"], a["alike"], a["signer"]) for a in r["attestations"]}, {(n, True, "") for n in PROGRAMS})
        key = run("publish", "key", "rebuilder.example", "-o", self.path("key")).stdout.strip()
        run("publish", "sign", plain, "--key", self.path("key"))
        self.verify(3, "--attestation", plain)  # by a key that is not known
        r = self.verify(0, "--attestation", plain, "--key", key)
        self.assertEqual({(a["alike"], a["signer"], a["builder"]) for a in r["attestations"]}, {(True, "rebuilder.example", "urn:test:rebuilder")})
        text = run("verify", "--self", "--folder", self.path("none"), "--attestation", plain, "--key", key).stdout
        self.assertIn("rebuilt alike by urn:test:rebuilder, signed by rebuilder.example", text)
        r = self.verify(1, "--attestation", self.statement("other.json", change=("overt",)))
        self.assertEqual({a["program"] for a in r["attestations"] if not a["alike"]}, {"overt"})
        r = self.verify(3, "--attestation", self.statement("elsewhere.json", change=PROGRAMS, source="0" * 64))
        self.assertEqual(r["attestations"], [])  # of other sources

    def test_changed_after_signing(self):
        plain = self.statement()
        key = run("publish", "key", "rebuilder.example", "-o", self.path("key")).stdout.strip()
        run("publish", "sign", plain, "--key", self.path("key"))
        with open(plain, encoding="utf-8") as f:
            text = f.read()
        with open(plain, "w", encoding="utf-8") as f:
            f.write(text.replace("urn:test:rebuilder", "urn:test:somebody"))
        r = self.verify(3, "--attestation", plain, "--key", key)
        self.assertEqual({a["signer"] for a in r["attestations"]}, {""})

    def test_forms(self):
        """An envelope is read; what is no statement is refused, whatever it looks like."""
        with open(self.statement(), "rb") as f:
            payload = f.read()
        with open(self.path("dsse.json"), "w", encoding="ascii") as f:
            json.dump({"payloadType": "application/vnd.in-toto+json", "payload": base64.b64encode(payload).decode(), "signatures": []}, f)
        self.assertEqual(len(self.verify(3, "--attestation", self.path("dsse.json"))["attestations"]), 3)
        with open(self.path("dsse.json"), "w", encoding="ascii") as f:  # the payload first, and long
            json.dump({"payload": base64.b64encode(payload + b" " * 20000).decode(), "payloadType": "application/vnd.in-toto+json", "signatures": []}, f)
        self.assertEqual(len(self.verify(3, "--attestation", self.path("dsse.json"))["attestations"]), 3)
        bad = {"list": b"[]", "cut": payload[:-20], "v2": payload.replace(b"Statement/v1", b"Statement/v2"), "empty": b"",
               "words": b"https://in-toto.io/Statement/v1", "many": b'{"_type":"https://in-toto.io/Statement/v1"' + b"[" * 9999,
               "base": b'{"payloadType":"application/vnd.in-toto+json","payload":"?"}',
               "type": b'{"payloadType":"text/plain","payload":"' + base64.b64encode(payload) + b'"}'}
        for name, data in bad.items():
            with self.subTest(name):
                with open(self.path(name), "wb") as f:
                    f.write(data)
                p = run("verify", "--self", "--folder", self.path("none"), "--attestation", self.path(name), code=2)
                self.assertIn("statement", p.stderr)
        self.verify(None, "--attestation", self.path("none-such"))
        run("verify", "--self", "a-file", code=2)

    # ---- envelopes: DSSE v1.0, signed by openssl ----

    def signer(self, name):
        """An Ed25519 key. @return its verifier key as C2SP signed-note writes it, and what signs bytes."""
        pem, raw = self.path(name + ".pem"), self.path(name + ".bin")

        def openssl(*args):
            return subprocess.run(["openssl", *args], capture_output=True, check=True).stdout
        openssl("genpkey", "-algorithm", "ed25519", "-out", pem)
        public = b"\x01" + openssl("pkey", "-in", pem, "-pubout", "-outform", "DER")[-32:]

        def sign(message):
            with open(raw, "wb") as f:
                f.write(message)
            return openssl("pkeyutl", "-sign", "-inkey", pem, "-rawin", "-in", raw)
        number = hashlib.sha256(name.encode() + b"\n" + public).hexdigest()[:8]
        return f"{name}+{number}+{base64.b64encode(public).decode()}", sign

    def envelope(self, payload, *signers, kind="application/vnd.in-toto+json", signed=None, b64=base64.b64encode):
        pae = b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(signed or payload), signed or payload)
        with open(self.path("e.json"), "w", encoding="ascii") as f:
            json.dump({"payload": b64(payload).decode(), "payloadType": "application/vnd.in-toto+json",
                       "signatures": [{"keyid": "not looked at", "sig": b64(s(pae)).decode()} for s in signers]}, f)
        return self.path("e.json")

    def signed_by(self, code, file, *keys):
        r = self.verify(code, "--attestation", file, *[w for k in keys for w in ("--key", k)])
        self.assertEqual(len(r["attestations"]), 3)
        return {a["signer"] for a in r["attestations"]}

    def test_envelope(self):
        with open(self.statement(), "rb") as f:
            payload = f.read()
        (known, sign), (other, forge) = self.signer("known.example"), self.signer("other.example")
        good = self.envelope(payload, sign)
        self.assertEqual(self.signed_by(0, good, known), {"known.example"})
        self.assertEqual(self.signed_by(0, good, other, known), {"known.example"})
        self.assertEqual(self.signed_by(3, good), {""})
        self.assertEqual(self.signed_by(3, good, other), {""})
        self.assertEqual(self.signed_by(0, self.envelope(payload, forge, lambda m: b"x" * 71, sign), known), {"known.example"})
        self.assertEqual(self.signed_by(0, self.envelope(payload, sign, b64=base64.urlsafe_b64encode), known), {"known.example"})
        self.assertEqual(self.signed_by(0, self.envelope(payload, sign, b64=lambda b: base64.b64encode(b).rstrip(b"=")), known), {"known.example"})
        self.assertEqual(self.signed_by(0, self.envelope(payload + b" " * 50000, sign), known), {"known.example"})
        # Over another payload, another type, or the bytes without their frame: nobody's.
        self.assertEqual(self.signed_by(3, self.envelope(payload, sign, signed=payload + b" "), known), {""})
        self.assertEqual(self.signed_by(3, self.envelope(payload, sign, kind="text/plain"), known), {""})
        self.assertEqual(self.signed_by(3, self.envelope(payload, lambda m: sign(payload)), known), {""})
        self.assertEqual(self.signed_by(3, self.envelope(payload, lambda m: sign(m)[:-1]), known), {""})
        many = self.envelope(payload, *[forge] * 16, sign)  # more than are looked at: an error, not "nobody"
        self.assertIn("taken apart", run("verify", "--self", "--folder", self.path("none"), "--attestation", many, "--key", known, code=2).stderr)

    def test_envelope_beside_a_statement(self):
        """A signed envelope of something else does not lend its signature to what stands beside it."""
        with open(self.statement(), "rb") as f:
            payload = f.read()
        known, sign = self.signer("known.example")
        with open(self.envelope(payload.replace(b"in-toto.io/Statement/v1", b"example.invalid/other/v1"), sign), encoding="ascii") as f:
            e = json.load(f)
        with open(self.path("e.json"), "w", encoding="ascii") as f:
            json.dump({**json.loads(payload), **e}, f)
        p = run("verify", "--self", "--folder", self.path("none"), "--attestation", self.path("e.json"), "--key", known, code=2)
        self.assertIn("statement", p.stderr)


if __name__ == "__main__":
    unittest.main(argv=[os.path.basename(__file__), *sys.argv[4:]], verbosity=1)
