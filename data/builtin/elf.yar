/*
 * Programs for Linux: packers, broken headers, bots.
 *
 * Written for overt from public descriptions of techniques; Apache-2.0 as the rest. Conventions: docs/BUILTIN.md.
 */

import "math"

rule Overt_Packer_ELF_UPX
{
	meta:
		name = "Overt.Packer.ELF.UPX"
		description = "A program packed with UPX"
		why = "Packing hides a program from scanners; honest programs on Linux seldom need it."
		reference = "https://attack.mitre.org/techniques/T1027/002/"
		reference = "https://upx.github.io/"
		severity = "unwanted"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = { 55 50 58 21 }
		$b = /[$]Info: This file is packed with the UPX executable packer/
	condition:
		uint32(0) == 0x464c457f and (uint16(16) == 2 or uint16(16) == 3) and ($a in (0x78..0x400) or $b)
}

rule Overt_Packer_ELF_UPXMasked
{
	meta:
		name = "Overt.Packer.ELF.UPXMasked"
		description = "A program packed with UPX whose marks were altered"
		why = "UPX itself can then no longer unpack it: somebody wants that it isn't read."
		reference = "https://attack.mitre.org/techniques/T1027/002/"
		severity = "suspicious"
		author = "overt"
		date = "2026-11-22"
	strings:
		$s = /[P]ROT_EXEC\|PROT_WRITE failed\./
		$u = { 55 50 58 21 }
	condition:
		uint32(0) == 0x464c457f and filesize < 20MB and $s and not $u
}

rule Overt_Stager_ELF_TinyWritable
{
	meta:
		name = "Overt.Stager.ELF.TinyWritable"
		description = "A tiny program with one segment that is writable and executable"
		why = "Made by hand to fetch and run the next stage; compilers make no such files."
		reference = "https://attack.mitre.org/techniques/T1105/"
		reference = "https://attack.mitre.org/techniques/T1620/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$l = { 0f 05 }
		$i = { cd 80 }
	condition:
		uint32(0) == 0x464c457f and
		filesize < 1KB and
		($l or $i) and
		((uint8(4) == 2 and
		uint16(0x38) == 1 and
		uint32(0x40) == 1 and
		uint32(0x44) == 7) or (uint8(4) == 1 and
		uint16(0x2c) == 1 and
		uint32(0x34) == 1 and
		uint32(0x4c) == 7))
}

rule Overt_BrokenHeader_ELF_SectionsOutside
{
	meta:
		name = "Overt.BrokenHeader.ELF.SectionsOutside"
		description = "A program whose section table lies outside of the file"
		why = "The kernel does not mind, analysis tools do: a way to break them."
		reference = "https://attack.mitre.org/techniques/T1027/"
		severity = "suspicious"
		author = "overt"
		date = "2026-11-22"
	condition:
		uint32(0) == 0x464c457f and
		filesize > 128 and
		filesize < 50MB and
		(uint16(16) == 2 or uint16(16) == 3) and
		((uint8(4) == 2 and
		uint8(5) == 1 and
		uint16(0x3c) > 0 and
		(uint32(0x2c) > 0 or uint32(0x28) > filesize)) or (uint8(4) == 1 and
		uint8(5) == 1 and
		uint16(0x30) > 0 and
		uint32(0x20) > filesize))
}

rule Overt_BrokenHeader_ELF_NoSectionsDense
{
	meta:
		name = "Overt.BrokenHeader.ELF.NoSectionsDense"
		description = "A program without sections whose bytes look random"
		why = "Packed or encrypted with a tool of its own."
		reference = "https://attack.mitre.org/techniques/T1027/002/"
		severity = "suspicious"
		author = "overt"
		date = "2026-11-22"
	condition:
		uint32(0) == 0x464c457f and
		filesize > 4KB and
		filesize < 5MB and
		uint16(16) == 2 and
		((uint8(4) == 2 and
		uint16(0x3c) == 0 and
		uint32(0x28) == 0) or (uint8(4) == 1 and
		uint16(0x30) == 0)) and
		math.entropy(512, filesize - 512) > 7.5
}

rule Overt_Bot_Linux_WatchdogKiller
{
	meta:
		name = "Overt.Bot.Linux.WatchdogKiller"
		description = "A program that handles hardware watchdogs under both of their names and looks through connections"
		why = "Bots of embedded devices keep the watchdog from restarting the device, which would remove them."
		reference = "https://attack.mitre.org/techniques/T1584/005/"
		reference = "https://attack.mitre.org/techniques/T1498/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /[\/]dev\/watchdog\x00/
		$b = /[\/]dev\/misc\/watchdog\x00/
		$c = /[\/]proc\/net\/(tcp|route)\x00/
		$d = /[b]usybox|[T]Source Engine Query|[\/]bin\/sh\x00|[e]nable\x00|[s]ystem\x00/
	condition:
		uint32(0) == 0x464c457f and filesize < 2MB and all of them
}

rule Overt_Bot_IRC_Flooder
{
	meta:
		name = "Overt.Bot.IRC.Flooder"
		description = "A chat bot that floods targets on command"
		why = "Its owner directs many machines at one victim."
		reference = "https://attack.mitre.org/techniques/T1498/001/"
		reference = "https://attack.mitre.org/techniques/T1071/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$i = /\bPRIVMSG\b/
		$j = /\bJOIN\b/
		$f1 = /[u]dp\s?flood/i
		$f2 = /[t]cp\s?flood/i
		$f3 = /[h]ttp\s?flood/i
		$f4 = /[s]yn\s?flood/i
		$f5 = /[g]oogle\s?flood|[s]ql\s?flood|[v]se\s?flood|[a]ck\s?flood/i
		$f6 = /[p]ortscan\b/i
	condition:
		filesize < 2MB and $i and $j and 3 of ($f*)
}
