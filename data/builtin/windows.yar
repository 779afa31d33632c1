/*
 * Agents and worms of Windows.
 *
 * Written for overt from public descriptions of techniques; Apache-2.0 as the rest. Conventions: docs/BUILTIN.md.
 */

rule Overt_Backdoor_Windows_ReflectiveAgent
{
	meta:
		name = "Overt.Backdoor.Windows.ReflectiveAgent"
		description = "A library that loads itself from memory and is part of a well known remote control"
		why = "The agent that exploits bring along."
		reference = "https://attack.mitre.org/techniques/T1620/"
		reference = "https://attack.mitre.org/techniques/T1055/001/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$r = /[R]eflectiveLoader/
		$m = /[m]etsrv\.(x64\.)?dll|[s]tdapi_(fs|sys|net)_|[b]eacon\.(x64\.)?dll|[e]xt_server_\w{3,10}\.(x64\.)?dll/
	condition:
		uint16(0) == 0x5a4d and filesize < 10MB and all of them
}

rule Overt_Backdoor_Windows_BeaconMarks
{
	meta:
		name = "Overt.Backdoor.Windows.BeaconMarks"
		description = "A program with the texts of a well known team server's agent"
		why = "The agent that intruders use to go on from one machine to the next."
		reference = "https://attack.mitre.org/techniques/T1071/001/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /[\\]\\\.\\pipe\\(MSSE-%d-server|msagent_%x|status_%\w)/
		$b = /%s \(admin\)\x00/
		$c = /[c]ould not (spawn|create remote thread in|write to process memory)[^\x00]{0,40}: %d\x00/
		$d = /[I]EX \(New-Object Net\.Webclient\)\.DownloadString\('http:\/\/127\.0\.0\.1:%u\/'\)/
	condition:
		uint16(0) == 0x5a4d and filesize < 10MB and ($a or $d) and ($b or $c)
}

rule Overt_Script_Windows_SpreadUsb
{
	meta:
		name = "Overt.Script.Windows.SpreadUsb"
		description = "A script that copies itself to every drive with a shortcut or an autorun file"
		why = "Spreads with sticks from one machine to the next."
		reference = "https://attack.mitre.org/techniques/T1091/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$d = /\.\s*Drives\b|Win32_LogicalDisk|GetDrives\s*\(/i
		$c = /\.CopyFile\s*[\(\s]?[^\n]{0,60}(ScriptFullName|scriptname|wscript\.scriptfullname)|ScriptFullName[^\n]{0,80}\.Copy|CopyFile\s+(WScript\.)?ScriptFullName/i
		$l = /CreateShortcut\s*\(|autorun\.inf/i
		$a = /\.attributes\s*=\s*\d|DriveType\s*=\s*1/i
	condition:
		filesize < 1MB and all of them
}

rule Overt_Script_Windows_RunKeyScript
{
	meta:
		name = "Overt.Script.Windows.RunKeyScript"
		description = "A command that lets a script interpreter start at each log-in"
		why = "Programs start by themselves; interpreters with hidden scripts are started by intruders."
		reference = "https://attack.mitre.org/techniques/T1547/001/"
		severity = "suspicious"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /\breg(\.exe)?\s+add\s[^\n]{0,20}(HKCU|HKLM|HKEY_CURRENT_USER|HKEY_LOCAL_MACHINE)\\[^\n]{0,20}Microsoft\\Windows\\CurrentVersion\\Run(Once)?\b[^\n]{0,120}(powershell|mshta|wscript|cscript|rundll32|regsvr32)[^\n]{0,20}\s/i
	condition:
		filesize < 1MB and $a
}
