#!/usr/bin/env python3
"""The module pe on programs that samples/programs.py makes. tests/differential/yara_pe_diff.py compares the same ones with
Debian's yara; here is what that one does not have or gets wrong, what is capped, and that broken files leave us calm."""
import os
import shutil
import struct
import subprocess
import tempfile
import unittest

import dumped
import programs as p


def signed(directory, steps, data):
    """The program after osslsigncode's commands; None when the tools are not here."""
    if shutil.which("osslsigncode") is None or shutil.which("openssl") is None:
        return None

    def run(*args):
        subprocess.run(args, cwd=directory, check=True, capture_output=True, timeout=60)

    if not os.path.exists(os.path.join(directory, "chain.pem")):
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-subj",
            "/C=DE/O=Made Up/CN=Root", "-days", "30")
        for name, use, serial in (("code", "codeSigning", "0x52e5aa"), ("tsa", "critical,timeStamping", "0x00ff")):
            with open(os.path.join(directory, name + ".ext"), "w") as f:
                f.write("extendedKeyUsage=%s\n" % use)
            run("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-keyout", name + ".key", "-out", name + ".csr", "-subj",
                "/C=DE/O=Acme & Co/CN=" + name)
            run("openssl", "x509", "-req", "-in", name + ".csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-set_serial", serial,
                "-days", "20", "-extfile", name + ".ext", "-out", name + ".pem")
        run("sh", "-c", "cat code.pem ca.pem > chain.pem; cat tsa.pem ca.pem > tsachain.pem")
    with open(os.path.join(directory, "0.exe"), "wb") as f:
        f.write(data)
    for i, options in enumerate(steps):
        run("osslsigncode", "sign", "-certs", "chain.pem", "-key", "code.key", "-in", "%d.exe" % i, "-out", "%d.exe" % (i + 1),
            *options)
    with open(os.path.join(directory, "%d.exe" % len(steps)), "rb") as f:
        data = f.read()
    for i in range(len(steps) + 1):
        os.unlink(os.path.join(directory, "%d.exe" % i))
    return data


class Pe(dumped.ModuleTest):
    module = "pe"

    def test_everything(self):
        got = self.says(
            p.everything(), is_pe=1, machine=0x14C, entry_point=1024, entry_point_raw=0x1000, image_base=0x400000,
            number_of_sections=1, overlay__size=16, dll_name="all.dll", number_of_exports=3, number_of_imports=2,
            number_of_imported_functions=4, number_of_delayed_imports=1, pdb_path="D:\\build\\all.pdb", number_of_resources=3,
            number_of_version_infos=2, rich_signature__key=0x12345678, number_of_signatures=0, is_signed=0,
            linker_version__major=14, base_of_data=0x2000)
        # what yara 4.2.3 does not have, or numbers on from the library before
        self.assertEqual(got["pe.delayed_import_details[0].functions[1].name"], b"ord7")
        self.assertEqual(got["pe.delay_import_details[0].functions[1].ordinal"], 7)
        self.assertEqual(got["pe.import_details[1].number_of_functions"], 2)
        self.assertEqual(got["pe.import_details[1].functions[0].name"], b"accept")
        self.assertEqual(got["pe.import_details[0].functions[1].rva"] - got["pe.import_details[0].functions[0].rva"], 4)
        self.assertEqual(got["pe.rich_signature.tools[1].toolid"], 170)
        self.assertEqual(got["pe.export_details[0].rva"], 0x1004)
        self.assertEqual(got["!"], [])

    def test_no_program(self):
        for data in (b"", b"MZ", b"text", p.image()[:300], b"\x7fELF" + bytes(100)):
            got = self.says(data, is_pe=0, machine=None, number_of_sections=None, number_of_signatures=None, is_signed=None)
            self.assertEqual(len(got), 2)  # nothing else but the notes

    def test_sixty_four_bits(self):
        self.says(p.image(True), is_pe=1, opthdr_magic=0x20B, image_base=0x140000000, base_of_data=None)

    def test_long_lists_are_told(self):
        b = p.Blob()
        many = p.imports(b, [(b"a.dll", [b"f"] * 20000)])
        got = dumped.dump("pe", p.with_blob(b, {1: many}))
        self.assertEqual(got["pe.number_of_imported_functions"], 16384)
        self.assertTrue(got["!"])
        # a directory of 2,000 entries that all lead back to it: 65,537 resources, and no more
        b = p.Blob()
        b.add(struct.pack("<IIHHHH", 0, 7, 1, 2, 0, 2000) + struct.pack("<II", 1, 0x80000000) * 2000)
        data = p.with_blob(b, {2: (0x1000, 100)})
        got = dumped.dump("pe", data)
        self.assertEqual(got["pe.number_of_resources"], 65537)
        self.assertTrue(got["!"])

    def test_tables_that_leave_the_file(self):
        b = p.Blob()
        b.add(bytes(64))
        row = p.exports(b, b"x.dll", [(b"fa", 0x1004)], nfunctions=0x7FFFFFFF)
        self.says(p.with_blob(b, {0: row}), number_of_exports=0, dll_name="x.dll")

    def test_broken(self):
        self.calm(p.everything())

    def test_signatures(self):
        with tempfile.TemporaryDirectory() as d:
            stamp = ("-TSA-certs", "tsachain.pem", "-TSA-key", "tsa.key")
            one = signed(d, [("-h", "sha256", "-n", "My Prog")], p.image(True))
            if one is None:
                self.skipTest("no osslsigncode")
            two = signed(d, [("-h", "sha1", *stamp), ("-nest", "-h", "sha256", *stamp)], p.everything())
        got = self.says(one, number_of_signatures=1, is_signed=1)
        s = "pe.signatures[0]."
        self.assertEqual(got[s + "subject"], b"/C=DE/O=Acme & Co/CN=code")
        self.assertEqual(got[s + "issuer"], b"/C=DE/O=Made Up/CN=Root")
        self.assertEqual(got[s + "serial"], b"52:e5:aa")
        self.assertEqual(got[s + "algorithm_oid"], b"1.2.840.113549.1.1.11")
        self.assertEqual(got[s + "digest"], got[s + "file_digest"])
        self.assertEqual(got[s + "signer_info.program_name"], b"My Prog")
        self.assertEqual(got[s + "length_of_chain"], 2)
        self.assertEqual(got[s + "signer_info.chain[1].subject"], b"/C=DE/O=Made Up/CN=Root")
        self.assertEqual(got[s + "number_of_countersignatures"], 0)
        got = self.says(two, number_of_signatures=2, is_signed=1)
        for i, kind in enumerate((b"sha1", b"sha256")):
            s = "pe.signatures[%d]." % i
            self.assertEqual((got[s + "digest_alg"], got[s + "verified"]), (kind, 1))
            c = s + "countersignatures[0]."
            self.assertEqual((got[c + "digest_alg"], got[c + "verified"], got[c + "length_of_chain"]), (kind, 1, 2))
            self.assertEqual(got[c + "chain[0].serial"], b"00:ff")
            self.assertTrue(got[s + "not_before"] <= got[c + "sign_time"] <= got[s + "not_after"])
        other = bytearray(one)
        other[1100] ^= 1  # in the code: the digest no longer fits, and all else does
        got = self.says(bytes(other), number_of_signatures=1, is_signed=0)
        self.assertNotEqual(got["pe.signatures[0].digest"], got["pe.signatures[0].file_digest"])
        self.assertEqual(got["pe.signatures[0].verified"], 0)
        self.calm(one[:0x600] + one[0x600:0x700])


if __name__ == "__main__":
    dumped.main()
