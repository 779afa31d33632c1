#!/usr/bin/env python3
"""The module macho on files that samples/macho_files.py makes. tests/differential/ymod_diff.py holds the same files against
yara 4.2.3; here stands what must hold where there is no yara, and what yara 4.2.3 does not have: those values are YARA-X
1.7.1's, hashes as well, but for certificates, which it does not tell of ad-hoc signatures."""
import dumped
import macho_files as m

SAMPLES = dict(m.samples())


class Macho(dumped.ModuleTest):
    module = "macho"

    def test_header(self):
        for name, magic, cpu, reserved in (("full64le", 0xfeedfacf, m.X86_64, 0x1234), ("full32be", 0xcefaedfe, m.X86, None)):
            got = self.says(SAMPLES[name], magic=magic, cputype=cpu, cpusubtype=3, filetype=2, ncmds=3, flags=0x200085,
                            reserved=reserved, number_of_segments=3, entry_point=None, fat_magic=None)
            self.assertEqual(got["macho.segments[1].segname"], b"__TEXT")
            self.assertEqual(got["macho.segments[1].fsize"], 0x1000)
            self.assertEqual(got["macho.segments[1].filesize"], 0x1000)
            self.assertEqual(got["macho.segments[1].sections[1].sectname"], b"sixteen_bytes_of")
            self.assertEqual(got["macho.segments[2].sections[0].align"], 3)

    def test_entry(self):
        for name in ("x86_5", "x64_5", "arm_5", "arm64_5", "ppc_5", "ppc64_5", "sparc_5", "m68k_5", "m88k_5"):
            self.says(SAMPLES["thread_" + name], entry_point=0x110)
        self.says(SAMPLES["thread_x64_4"], entry_point=None)
        self.says(SAMPLES["thread_and_main"], entry_point=0x120, stack_size=0x8000)

    def test_linking(self):
        for name in ("whole64le", "whole64be", "whole32le", "whole32be"):
            got = self.says(
                SAMPLES[name], dynamic_linker="/usr/lib/dyld", source_version="12.3.2.1.7",
                uuid="00010203-0405-0607-0809-0A0B0C0D0E0F", build_version__platform=1, build_version__minos="11.3.0",
                build_version__sdk="12.0.0", build_version__ntools=2, min_version__device=36, min_version__version="10.14.2",
                min_version__sdk="11.0.0", symtab__nsyms=7, dysymtab__nlocrel=17, dyld_info__rebase_size=12)
            self.assertEqual(got["macho.dylibs[0].name"], b"/usr/lib/libSystem.B.dylib")
            self.assertEqual(got["macho.dylibs[0].current_version"], b"1264.1.2")
            self.assertEqual(got["macho.dylibs[1].timestamp"], 2)
            self.assertEqual([got[f"macho.rpaths[{i}]"] for i in (0, 1)], [b"@loader_path/../Frameworks", b"@executable_path/Lib"])
            self.assertEqual([got[f"macho.linker_options[{i}]"] for i in (0, 1)], [b"-lfoo", b"-framework Bar"])
            self.assertEqual([got[f"macho.imports[{i}]"] for i in range(3)], [b"_printf", b"_NSLog", b"_puts"])
            self.assertEqual([got[f"macho.exports[{i}]"] for i in range(2)], [b"__mh_execute_header", b"_main"])
            self.assertEqual(got["macho.build_version.tools[0].version"], b"857.1")
            self.assertEqual(got["macho.entitlements[1]"], b"com.apple.security.Network.client")
            self.assertEqual(got["macho.symtab.entries[5]"], b"_stab")
            self.assertNotIn("macho.certificates.common_names[0]", got)

    def test_hashes(self):
        for name in ("whole64le", "whole32be", "fat_whole"):
            got = dumped.dump("macho", SAMPLES[name])
            self.assertEqual(got["macho.dylib_hash()"], b"8ef295e717b9954f428607562cc5aa3b")
            self.assertEqual(got["macho.import_hash()"], b"92b484d759ecc9b5286268f335f13c6a")
            self.assertEqual(got["macho.export_hash()"], b"2ba1e9728b976501b583a7619fabf59c")
            self.assertEqual(got["macho.entitlement_hash()"], b"d52ec258b2495d1e04fc0fdc61c568d8")
            self.assertEqual(got["macho.symhash()"], b"51c470c1244689205f67b1a70308d430")
        self.assertNotIn("macho.dylib_hash()", dumped.dump("macho", SAMPLES["full64le"]))

    def test_by_symbol_table(self):
        got = dumped.dump("macho", SAMPLES["plain"])
        self.assertEqual(got["macho.import_hash()"], b"951d1cdf32805be835ee488f570312de")
        self.assertEqual(got["macho.export_hash()"], b"77cb82eb0885ec7a33bb9ef7bcb8a0a2")
        self.assertEqual([got[f"macho.exports[{i}]"] for i in range(3)], [b"_main", b"_abs", b"__mh_execute_header"])

    def test_chained(self):
        for name in ("chained1", "chained2", "chained3"):
            got = dumped.dump("macho", SAMPLES[name])
            self.assertEqual([got.get(f"macho.imports[{i}]") for i in range(3)], [b"_open", b"_close", None])

    def test_certificates(self):
        got = dumped.dump("macho", SAMPLES["certificate"])
        self.assertEqual(got["macho.certificates.common_names[0]"], b"Made Up Signer")
        self.assertEqual(got["macho.certificates.signer_names[0]"], b"Made Up Signer")

    def test_questions(self):
        for name in ("whole64le", "fat_whole"):
            self.holds(SAMPLES[name], 'macho.has_dylib("/USR/lib/libsystem.b.dylib")', 'not macho.has_dylib("libSystem.B.dylib")',
                       'macho.has_rpath("@loader_path/../frameworks")', 'macho.has_import("_nslog")', 'not macho.has_import("_main")',
                       'macho.has_export("_main")', 'macho.has_entitlement("com.apple.security.network.client")',
                       'not macho.has_entitlement("com.apple")')
        self.holds(b"none", 'not defined macho.has_dylib("x")', "not defined macho.dylib_hash()")

    def test_fat(self):
        for name in ("fat", "fat64"):
            got = self.says(SAMPLES[name], nfat_arch=2, magic=None, fat_magic=0xcafebabe if name == "fat" else 0xcafebabf)
            self.assertEqual(got["macho.fat_arch[1].cputype"], m.ARM)
            self.assertEqual(got["macho.file[0].entry_point"], 0x120)
            at = got["macho.fat_arch[0].offset"]
            self.holds(SAMPLES[name], "macho.file_index_for_arch(macho.CPU_TYPE_ARM) == 1", "macho.file_index_for_arch(12, 9) == 1",
                       "not defined macho.file_index_for_arch(12, 8)", f"macho.entry_point_for_arch(macho.CPU_TYPE_X86_64) == {at + 0x120}",
                       f"macho.entry_point_for_arch(0x1000007, 3) == {at + 0x120}", "not defined macho.entry_point_for_arch(12)")

    def test_broken(self):
        got = dumped.dump("macho", SAMPLES["ring"])
        self.assertEqual(got["!"], ["3 the exports of a Mach-O run in a ring"])
        self.assertNotIn("macho.file[0].magic", dumped.dump("macho", SAMPLES["fat_in_fat"]))
        self.assertEqual(dumped.dump("macho", b"\xcf\xfa\xed\xfe"), {"!": []})

    def test_calm(self):
        for name in ("whole64le", "whole32be", "fat", "certificate", "chained3"):
            self.calm(SAMPLES[name])


if __name__ == "__main__":
    dumped.main()
