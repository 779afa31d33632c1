#!/usr/bin/env python3
"""The module elf on files that samples/elf_files.py makes. tests/differential/ymod_diff.py holds the same files against
yara 4.2.3; here stands what must hold where there is no yara, and what yara 4.2.3 does not have. The hashes are those of
YARA-X 1.7.1 (telfhash in lower case, as YARA 4.5 and Trend Micro's tool write it)."""
import dumped
import elf_files as e

SAMPLES = dict(e.samples())


class Elf(dumped.ModuleTest):
    module = "elf"

    def test_everything(self):
        for name in ("full64", "full64be"):
            got = self.says(SAMPLES[name], type=2, machine=62 if name == "full64" else 21, entry_point=64, number_of_sections=9,
                            number_of_segments=3, sh_entry_size=64, ph_entry_size=56, dynsym_entries=9, symtab_entries=3,
                            dynamic_section_entries=5, osabi=0)
            self.assertEqual(got["elf.sections[1].name"], b".text")
            self.assertEqual(got["elf.sections[7].size"], 0x1000)
            self.assertEqual(got["elf.segments[2].physical_address"], 7)
            self.assertEqual(got["elf.segments[2].alignment"], 0x1000)
            self.assertEqual(got["elf.dynsym[1].name"], b"puts")
            self.assertEqual(got["elf.dynsym[7].visibility"], 3)
            self.assertEqual(got["elf.dynsym[6].bind"], 2)
            self.assertEqual(got["elf.symtab[2].type"], 4)
            self.assertEqual(got["elf.dynamic[1].type"], 5)
            self.assertEqual(got["!"], [])

    def test_width(self):
        got = self.says(SAMPLES["full32be"], entry_point=64, sh_entry_size=40, ph_entry_size=32)
        self.assertEqual(got["elf.dynsym[8].value"], e.BASE + 64)

    def test_no_tables(self):
        self.says(SAMPLES["no_sections"], number_of_sections=0, dynsym_entries=None, dynamic_section_entries=5, entry_point=64)
        self.says(SAMPLES["no_segments"], number_of_segments=0, dynamic_section_entries=None, entry_point=None, dynsym_entries=9)

    def test_no_elf(self):
        for data in (b"", b"\x7fELF", SAMPLES["header_only"], SAMPLES["class3"], b"MZ" + bytes(100)):
            self.assertEqual(dumped.dump("elf", data), {"!": []})

    def test_imports(self):
        hashed = "elf.import_md5()"
        self.assertEqual(dumped.dump("elf", SAMPLES["full64"])[hashed], b"95d16097374d54393f605ae4885e279d")
        self.assertEqual(dumped.dump("elf", SAMPLES["many"])[hashed], b"6d1f9f1dfbb3e2b6e198a1190fbc9149")
        self.assertNotIn(hashed, dumped.dump("elf", SAMPLES["no_sections"]))

    def test_telfhash(self):
        hashed = "elf.telfhash()"
        want = b"t181b01205a2331b48b1ea30702ce88b781040e837745b0709cf1c86c0c474056110831c"
        self.assertEqual(dumped.dump("elf", SAMPLES["many"])[hashed], want)
        self.assertEqual(dumped.dump("elf", SAMPLES["many_symtab"])[hashed], want)
        self.assertNotIn(hashed, dumped.dump("elf", SAMPLES["full64"]))  # too few names

    def test_calm(self):
        for name in ("full64", "full32be", "many"):
            self.calm(SAMPLES[name])


if __name__ == "__main__":
    dumped.main()
