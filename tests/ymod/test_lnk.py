#!/usr/bin/env python3
"""The module lnk on links that samples/shortcuts.py makes. The values of YARA-X's own fields were compared with YARA-X 1.20."""
import struct
import sys

import dumped
import shortcuts as s

SAMPLES = dict(s.samples())
GUID = "00112233-4455-6677-8899-aabbccddee0%d"


class Lnk(dumped.ModuleTest):
    module = "lnk"

    def test_everything(self):
        got = self.says(
            SAMPLES["full"], is_lnk=1, is_malformed=0, name="A note", creation_time=1600000000, access_time=1600000100,
            write_time=1600000200, file_size=4096, file_attributes=0x22, icon_index=2**32 - 3, show_command=7, hotkey=0x641,
            drive_type=3, drive_serial_number=0x1234abcd, volume_label="DISK", local_base_path="C:\\Windows\\notepad.exe",
            common_path_suffix="tail.txt", target="C:\\Windows\\notepad.exe\\tail.txt", relative_path="..\\notepad.exe",
            working_dir="C:\\Windows", cmd_line_args="/c echo harmless", icon_location="%SystemRoot%\\system32\\shell32.dll",
            environment_target="%windir%\\notepad.exe", icon_environment_target="%windir%\\n.ico", darwin_id="darwin-product",
            console_code_page=1252, special_folder_id=37, known_folder_id="1ac14e77-02e7-4e5d-b744-2eb1ae5198b7",
            shim_layer="WinXPSP3", overlay_size=0, overlay_offset=None, tracker_data__version=0,
            tracker_data__machine_id="made-up-host", tracker_data__droid_volume_id=GUID % 1, tracker_data__droid_file_id=GUID % 2,
            tracker_data__droid_birth_volume_id=GUID % 3, tracker_data__droid_birth_file_id=GUID % 4, net_name=None,
            number_of_blocks=11, number_of_id_list_items=2)
        self.assertEqual(got["lnk.id_list_items[0].type"], 0x1f)
        self.assertEqual(got["lnk.id_list_items[1].type"], 0x2f)
        self.assertEqual(got["lnk.id_list_items[1].size"], 25)
        self.assertEqual(got["lnk.blocks[0].signature"], 0xa0000003)
        self.assertEqual(got["lnk.blocks[10].size"], 204)
        at = SAMPLES["full"].index(struct.pack("<I", 0xa0000008)) - 4
        self.assertIn(at, [got["lnk.blocks[%d].offset" % i] for i in range(11)])

    def test_minimal(self):
        self.says(SAMPLES["minimal"], is_lnk=1, is_malformed=0, name=None, drive_type=None, target=None, overlay_size=0,
                  number_of_blocks=0, tracker_data__version=None, cmd_line_args=None)

    def test_texts_of_a_code_page(self):
        self.says(SAMPLES["ansi"], name="caf\xe9", cmd_line_args="-x", volume_label="caf\xe9", local_base_path="D:\\\xe9.exe",
                  common_path_suffix="", target="D:\\\xe9.exe")

    def test_wide_texts_count(self):
        self.says(SAMPLES["wide_info"], volume_label="L\xe4bel", local_base_path="C:\\W\xefde.exe", common_path_suffix="s\xfc.txt")

    def test_network(self):
        self.says(SAMPLES["network"], net_name="\\\\server\\share", device_name="Z:", network_provider_type=0x20000,
                  common_path_suffix="dir\\file.txt", target="\\\\server\\share\\dir\\file.txt", cmd_line_args="", drive_type=None)

    def test_overlay(self):
        self.says(SAMPLES["overlay"], overlay_size=14, overlay_offset=84)
        self.says(SAMPLES["odd_end"], overlay_size=4, overlay_offset=84)

    def test_no_times(self):
        self.says(SAMPLES["no_times"], creation_time=None, access_time=None, write_time=None, file_size=0, show_command=3)

    def test_no_end(self):
        for name in ("no_end", "early_end"):
            self.says(SAMPLES[name], is_lnk=1, is_malformed=1, name="n", overlay_size=None, overlay_offset=None)

    def test_a_long_command_line(self):
        self.says(SAMPLES["long"], cmd_line_args=" " * 3000 + "far away")
        self.says(s.lnk(arguments="x" * 65535), cmd_line_args="x" * 65535, is_malformed=0)

    def test_unknown_blocks_are_passed(self):
        self.says(SAMPLES["unknown_block"], number_of_blocks=2, tracker_data__machine_id="made-up-host", is_malformed=0)

    def test_caps_are_told(self):
        many = self.says(s.lnk(blocks=[s.block(0xa0000004, b"\0\0\0\0")] * 65), is_lnk=1, number_of_blocks=64)
        self.assertEqual(len(many["!"]), 1)
        self.assertEqual(self.says(s.lnk(blocks=[s.block(0xa0000004, b"\0\0\0\0")] * 64), number_of_blocks=64)["!"], [])
        many = self.says(s.lnk(idlist=s.id_list(*[b"\x31\0\0\0"] * 300), name="n"), number_of_id_list_items=256, name="n")
        self.assertEqual(len(many["!"]), 1)

    def test_no_link(self):
        for data in (b"", b"MZ", SAMPLES["minimal"][:75], b"\x4d" + SAMPLES["full"][1:]):
            got = self.says(data, is_lnk=0, name=None, flags=None, number_of_blocks=None)
            self.assertEqual(list(got), ["!", "lnk.is_lnk"])

    def test_wrong_sizes(self):
        info = bytearray(s.link_info(s.volume_id(), suffix=b"tail"))
        info[12:16] = struct.pack("<I", 0xfffffff0)  # the volume's place
        self.says(s.lnk(info=bytes(info), name="n"), is_malformed=1, drive_type=None, name="n", common_path_suffix="tail")
        info[0:4] = struct.pack("<I", 0xffffff)
        self.says(s.lnk(info=bytes(info), name="n"), is_malformed=1, name=None)
        self.says(s.lnk(blocks=[s.block(0xa0000003, b"short")], overlay=b"o"), is_malformed=1, overlay_size=1,
                  tracker_data__version=None, tracker_data__machine_id=None)
        self.says(s.lnk(blocks=[struct.pack("<II", 7, 0xa0000003)]), is_malformed=1, number_of_blocks=0)

    def test_calm(self):
        self.calm(SAMPLES["full"])
        self.calm(SAMPLES["network"])


if __name__ == "__main__":
    sys.exit(dumped.main())
