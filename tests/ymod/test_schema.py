#!/usr/bin/env python3
"""Every name that the manuals of YARA 4.5 and YARA-X give must compile: a module that loses a field fails here."""
import unittest

import dumped

CERTAIN = {
    "time": "now()",
    "string": 'to_int("1") to_int("1",8) length("x")',
    "console": 'log("a") log("a","b") log(1) log("a",1) log(1.5) log("a",1.5) hex(1) hex("a",1)',
    "hash": 'md5(0,1) md5("a") sha1(0,1) sha1("a") sha256(0,1) sha256("a") checksum32(0,1) checksum32("a") crc32(0,1) crc32("a")',
    "math": 'entropy(0,1) entropy("a") monte_carlo_pi(0,1) monte_carlo_pi("a") serial_correlation(0,1) serial_correlation("a") mean(0,1) '
            'mean("a") deviation(0,1,1.5) deviation("a",1.5) in_range(1.0,2.0,3.0) max(1,2) min(1,2) to_number(true) abs(-1) count(1) '
            'count(1,0,1) percentage(1) percentage(1,0,1) mode() mode(0,1) to_string(1) to_string(1,16) index_of_coincidence(0,1) '
            'index_of_coincidence("a") MEAN_BYTES',
    "elf": "type machine osabi entry_point sh_offset sh_entry_size ph_offset ph_entry_size number_of_sections number_of_segments symtab_entries "
           "dynsym_entries dynamic_section_entries import_md5() telfhash() sections[0].type sections[0].flags sections[0].address sections[0].size "
           "sections[0].offset sections[0].name segments[0].type segments[0].flags segments[0].offset segments[0].virtual_address "
           "segments[0].physical_address segments[0].file_size segments[0].memory_size segments[0].alignment symtab[0].name symtab[0].value "
           "symtab[0].size symtab[0].type symtab[0].bind symtab[0].shndx symtab[0].visibility dynsym[0].name dynamic[0].type dynamic[0].val "
           "ET_NONE ET_CORE EM_X86_64 EM_IAMCU EM_S370 OSABI_LINUX OSABI_STANDALONE SHT_DYNSYM SHT_INIT_ARRAY SHF_WRITE SHF_ALLOC SHF_EXECINSTR "
           "PT_LOAD PT_GNU_STACK PT_GNU_PROPERTY PT_LOPROC PT_HIPROC PF_X PF_W PF_R STB_WEAK STT_TLS STV_PROTECTED DT_NULL DT_VERNEEDNUM DT_HIPROC",
    "macho": "magic cputype cpusubtype filetype ncmds sizeofcmds flags reserved number_of_segments dynamic_linker entry_point stack_size "
             "source_version symtab.symoff symtab.nsyms symtab.stroff symtab.strsize symtab.entries[0] dysymtab.ilocalsym dysymtab.nlocrel "
             "code_signature_data.dataoff code_signature_data.datasize segments[0].segname segments[0].vmaddr segments[0].vmsize "
             "segments[0].fileoff segments[0].fsize segments[0].filesize segments[0].maxprot segments[0].initprot segments[0].nsects "
             "segments[0].flags segments[0].sections[0].sectname segments[0].sections[0].segname segments[0].sections[0].addr "
             "segments[0].sections[0].size segments[0].sections[0].offset segments[0].sections[0].align segments[0].sections[0].reloff "
             "segments[0].sections[0].nreloc segments[0].sections[0].flags segments[0].sections[0].reserved3 dylibs[0].name dylibs[0].timestamp "
             "dylibs[0].compatibility_version dylibs[0].current_version dyld_info.rebase_off dyld_info.export_size rpaths[0] entitlements[0] "
             "certificates.common_names[0] certificates.signer_names[0] uuid build_version.platform build_version.minos build_version.sdk "
             "build_version.ntools build_version.tools[0].tool build_version.tools[0].version min_version.device min_version.version "
             "min_version.sdk exports[0] imports[0] linker_options[0] fat_magic nfat_arch fat_arch[0].cputype fat_arch[0].cpusubtype "
             "fat_arch[0].offset fat_arch[0].size fat_arch[0].align fat_arch[0].reserved file[0].magic file[0].segments[0].sections[0].addr "
             'file[0].dylibs[0].name file_index_for_arch(7) file_index_for_arch(7,3) entry_point_for_arch(7) entry_point_for_arch(7,3) '
             'has_entitlement("a") has_dylib("a") has_rpath("a") has_import("a") has_export("a") dylib_hash() entitlement_hash() export_hash() '
             "import_hash() symhash() MH_MAGIC FAT_MAGIC_64 CPU_TYPE_ARM64 CPU_SUBTYPE_POWERPC_970 MH_EXECUTE MH_PIE SG_HIGHVM S_ZEROFILL "
             "S_ATTR_DEBUG LC_MAIN MACOSX WATCHOS CPU_ARCH_ABI64",
    "dex": "is_dex header.magic header.version header.checksum header.signature header.file_size header.header_size header.endian_tag "
           "header.link_size header.link_off header.link_offset header.map_off header.map_offset header.string_ids_size header.string_ids_off "
           "header.type_ids_size header.proto_ids_off header.field_ids_size header.method_ids_off header.class_defs_size header.class_defs_off "
           "header.data_size header.data_off string_ids[0].value string_ids[0].offset string_ids[0].size type_ids[0].descriptor_idx strings[0] types[0] "
           "proto_ids[0].shorty_idx protos[0].shorty protos[0].return_type protos[0].parameters_count protos[0].parameters[0] field_ids[0].class_idx "
           "fields[0].class fields[0].type fields[0].name method_ids[0].proto_idx methods[0].class methods[0].proto.shorty methods[0].name "
           "class_defs[0].class_idx class_defs[0].class class_defs[0].access_flag class_defs[0].superclass class_defs[0].source_file "
           "class_data_item[0].direct_methods_size map_list.size map_list.map_item[0].type map_list.items[0].offset number_of_fields "
           "number_of_methods field[0].class_name method[0].name method[0].code_item.insns method[0].access_flags checksum() signature() "
           'contains_string("a") contains_method("a") contains_class("a") has_method("a") has_method("a","b") has_method(/a/) has_method(/a/,/b/) '
           'has_class("a") has_class(/a/) DEX_FILE_MAGIC_035 ACC_PUBLIC TYPE_HEADER_ITEM TYPE_HIDDENAPI_CLASS_DATA_ITEM NO_INDEX',
    "magic": "type() mime_type()",
    "cuckoo": "network.http_request(/a/) network.http_get(/a/) network.http_post(/a/) network.http_user_agent(/a/) network.dns_lookup(/a/) "
              "network.host(/a/) network.tcp(/a/,1) network.udp(/a/,1) registry.key_access(/a/) filesystem.file_access(/a/) sync.mutex(/a/)",
}


class Schema(unittest.TestCase):
    def test_names(self):
        for module, names in CERTAIN.items():
            names = names.split()
            for i in range(0, len(names), 50):
                part = [f"defined {module}.{n} or true" for n in names[i:i + 50]]
                self.assertEqual(dumped.ask(module, b"x", *part), ["true"] * len(part), module)

    def test_lost(self):
        for module in CERTAIN:
            self.assertIn("no such field", dumped.ask(module, b"x", f"defined {module}.nothing_of_the_kind")[0])


if __name__ == "__main__":
    dumped.main()
