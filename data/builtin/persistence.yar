/*
 * Back doors that stay: libraries, PAM, SSH keys, cron, systemd, accounts.
 *
 * Written for overt from public descriptions of techniques; Apache-2.0 as the rest. Conventions: docs/BUILTIN.md.
 */

rule Overt_Backdoor_LdPreload_Script
{
	meta:
		name = "Overt.Backdoor.LdPreload.Script"
		description = "A script that adds a library from a temporary or hidden place to /etc/ld.so.preload"
		why = "The library is then loaded into every program: root kits hide with it."
		reference = "https://attack.mitre.org/techniques/T1574/006/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /(echo|printf)\s+['\"]?\/((tmp|var\/tmp|dev\/shm)\/[^\s'\"]{1,64}|[^\s'\"]{1,64}\/\.[^\s'\"\/]{1,64})['\"]?\s*>>?\s*\/etc\/ld\.so\.preload/
	condition:
		filesize < 1MB and $a
}

rule Overt_Backdoor_LdPreload_Rootkit
{
	meta:
		name = "Overt.Backdoor.LdPreload.Rootkit"
		description = "A library that stands in for directory functions and knows /etc/ld.so.preload"
		why = "It hides files, processes and itself from programs that list them."
		reference = "https://attack.mitre.org/techniques/T1574/006/"
		reference = "https://attack.mitre.org/techniques/T1014/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$p = /[l]d\.so\.preload/
		$d = /\x00[d]lsym\x00/
		$r = /\x00[r]eaddir(64)?\x00/
		$h1 = /\x00(__[l]xstat|__[x]stat|[l]stat)(64)?\x00/
		$h2 = /\x00[f]open(64)?\x00/
		$h3 = /\x00[u]nlink(at)?\x00/
		$h4 = /\x00[a]ccess\x00/
		$h5 = /\x00[r]mdir\x00/
		$h6 = /\x00[p]am_authenticate\x00/
		$h7 = /\x00[a]ccept\x00/
	condition:
		uint32(0) == 0x464c457f and uint16(16) == 3 and filesize < 1MB and $p and $d and $r and 3 of ($h*)
}

rule Overt_Backdoor_LdPreload_ProcessHider
{
	meta:
		name = "Overt.Backdoor.LdPreload.ProcessHider"
		description = "A library that hides a process from programs that list /proc"
		why = "It stands in for readdir and leaves entries out."
		reference = "https://attack.mitre.org/techniques/T1574/006/"
		reference = "https://attack.mitre.org/techniques/T1564/001/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$f = /[\/]proc\/self\/fd\/%d/
		$s = /[\/]proc\/%s\/(stat|cmdline|comm)/
		$d = /\x00[d]lsym\x00/
		$r = /\x00[r]eaddir(64)?\x00/
		$n = /\x00[d]irfd\x00/
	condition:
		uint32(0) == 0x464c457f and uint16(16) == 3 and filesize < 200KB and all of them
}

rule Overt_Backdoor_PAM_PasswordLogger
{
	meta:
		name = "Overt.Backdoor.PAM.PasswordLogger"
		description = "A PAM module that writes names and passwords down"
		why = "Everybody who logs in gives the intruder a password."
		reference = "https://attack.mitre.org/techniques/T1556/003/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$m = /[p]am_sm_authenticate/
		$g = /[p]am_get_(authtok|item|pass)/
		$w = /(user(name)?|login|usr)?\s?[:=]?\s?%s\s?[:;,|@\-]{1,2}\s?(pass(word)?|pwd|pw)?\s?[:=]?\s?%s\s?[\n\x00]/i
		$f = /[\/](tmp|var\/tmp|dev\/shm)\/[\w.\-]{2,40}\x00|[\/](var|usr|lib|opt)\/([\w\-]{1,20}\/){0,3}\.[\w\-]{2,40}\x00/
		$o = /\x00[f]open(64)?\x00/
	condition:
		uint32(0) == 0x464c457f and uint16(16) == 3 and filesize < 500KB and all of them
}

rule Overt_Backdoor_PAM_ExecFromTemp
{
	meta:
		name = "Overt.Backdoor.PAM.ExecFromTemp"
		description = "PAM settings that run a program from a temporary or hidden place at each login"
		why = "Runs with the rights of the login, and may be given the password."
		reference = "https://attack.mitre.org/techniques/T1556/003/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /(auth|session|account|password)\s+(optional|required|sufficient|requisite|\[[^\]\n]{1,60}\])\s+pam_exec\.so\s[^\n]{0,60}\/((tmp|var\/tmp|dev\/shm)\/|[^\s\n]{1,60}\/\.)[^\s\n]{1,60}/
	condition:
		filesize < 64KB and $a
}

rule Overt_Backdoor_PAM_PermitAll
{
	meta:
		name = "Overt.Backdoor.PAM.PermitAll"
		description = "PAM settings in which permission alone suffices"
		why = "Every password is right."
		reference = "https://attack.mitre.org/techniques/T1556/003/"
		severity = "suspicious"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /(^|\n)\s{0,8}auth\s+(sufficient|\[success=done[^\]\n]{0,40}\])\s+(\/\S{1,60}\/)?pam_permit\.so/
	condition:
		filesize < 64KB and $a
}

rule Overt_Backdoor_SSH_KeyAppended
{
	meta:
		name = "Overt.Backdoor.SSH.KeyAppended"
		description = "A script that adds a key which it carries to authorized_keys"
		why = "Lets the key's owner in from then on. Set-up scripts do it as well."
		reference = "https://attack.mitre.org/techniques/T1098/004/"
		severity = "suspicious"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /(echo|printf|cat\s*<<)\s[^\n]{0,40}(ssh-(rsa|ed25519|dss)|ecdsa-sha2-\w{4,12})\s+AAAA[\w+\/=]{20,}[^\n]{0,400}>>?\s*[^\s\n]{0,60}\.ssh\/authorized_keys/
	condition:
		filesize < 1MB and $a
}

rule Overt_Backdoor_SSH_KeyLocked
{
	meta:
		name = "Overt.Backdoor.SSH.KeyLocked"
		description = "A script that adds a key of its own and makes authorized_keys unchangeable"
		why = "What locks the file against its owner is not its owner."
		reference = "https://attack.mitre.org/techniques/T1098/004/"
		reference = "https://attack.mitre.org/techniques/T1222/002/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /(ssh-(rsa|ed25519|dss)|ecdsa-sha2-\w{4,12})\s+AAAA[\w+\/=]{20,}/
		$b = /chattr\s+[+\-]\w{0,4}[ai]\w{0,4}\s+[^\n]{0,60}(authorized_keys|\.ssh\/?)/
		$c = />>?\s*[^\s\n]{0,60}\.ssh\/authorized_keys/
	condition:
		filesize < 1MB and all of them
}

rule Overt_Backdoor_Cron_DownloadExec
{
	meta:
		name = "Overt.Backdoor.Cron.DownloadExec"
		description = "A cron entry that fetches a script and runs it"
		why = "The intruder's server decides anew, every few minutes, what runs."
		reference = "https://attack.mitre.org/techniques/T1053/003/"
		reference = "https://attack.mitre.org/techniques/T1105/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /(^|\n|['\"(])\s{0,4}(@(reboot|hourly|daily)\s+|([\d*\/,\-]+\s+){4}[\d*\/,\-A-Z]+\s+)(root\s+)?\(?\s?(\/usr\/bin\/)?(curl|wget)\s[^|\n]{4,200}(\|\|[^|\n]{4,200})?\)?\s?\|\s?(\/bin\/)?(ba|da|z)?sh\b/
	condition:
		filesize < 1MB and $a
}

rule Overt_Backdoor_Cron_HiddenProgram
{
	meta:
		name = "Overt.Backdoor.Cron.HiddenProgram"
		description = "A cron entry that runs a hidden file of a temporary folder"
		why = "Programs of the system live elsewhere and do not hide."
		reference = "https://attack.mitre.org/techniques/T1053/003/"
		reference = "https://attack.mitre.org/techniques/T1564/001/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /(^|\n|['\"(])\s{0,4}(@(reboot|hourly|daily)\s+|([\d*\/,\-]+\s+){4}[\d*\/,\-A-Z]+\s+)(root\s+)?((ba)?sh\s+(-c\s+)?)?['\"]?\/(tmp|var\/tmp|dev\/shm)\/(\S{1,60}\/)?\.[^\s\/.][^\s]{0,60}/
	condition:
		filesize < 1MB and $a
}

rule Overt_Backdoor_Cron_EncodedJob
{
	meta:
		name = "Overt.Backdoor.Cron.EncodedJob"
		description = "A cron entry whose command is encoded"
		why = "Nothing that may be read is encoded in a crontab."
		reference = "https://attack.mitre.org/techniques/T1053/003/"
		reference = "https://attack.mitre.org/techniques/T1027/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /(^|\n|['\"(])\s{0,4}(@(reboot|hourly|daily)\s+|([\d*\/,\-]+\s+){4}[\d*\/,\-A-Z]+\s+)[^\n]{0,40}echo\s+(-n\s+)?['\"]?[\w+\/=]{24,}['\"]?\s*\|\s*(openssl\s+)?base64\s+(-d|-D|--decode)[^|\n]{0,20}\|\s*(ba|da|z)?sh\b/
	condition:
		filesize < 1MB and $a
}

rule Overt_Backdoor_Systemd_DownloadExec
{
	meta:
		name = "Overt.Backdoor.Systemd.DownloadExec"
		description = "A systemd unit that fetches a script and runs it"
		why = "The intruder's server decides, at each start, what runs."
		reference = "https://attack.mitre.org/techniques/T1543/002/"
		reference = "https://attack.mitre.org/techniques/T1105/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /Exec(Start|StartPre|StartPost|Reload)\s?=\s?[-+!@]?[^\n]{0,60}(curl|wget)\s[^|\n]{4,200}\|\s?(\/bin\/)?(ba|da|z)?sh\b/
		$b = /\[Service\]/
	condition:
		filesize < 1MB and all of them
}

rule Overt_Backdoor_Systemd_TempProgram
{
	meta:
		name = "Overt.Backdoor.Systemd.TempProgram"
		description = "A systemd unit whose program lies in a temporary folder"
		why = "Anybody may write there; services of packages don't."
		reference = "https://attack.mitre.org/techniques/T1543/002/"
		severity = "suspicious"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /\nExecStart\s?=\s?[-+!@]?\/(tmp|var\/tmp|dev\/shm)\/[^\s\/]/
		$b = /\[Service\]/
	condition:
		filesize < 64KB and all of them
}

rule Overt_Backdoor_Account_UidZero
{
	meta:
		name = "Overt.Backdoor.Account.UidZero"
		description = "A script that adds a second root to /etc/passwd"
		why = "Another name with user number 0 is root by a door of its own."
		reference = "https://attack.mitre.org/techniques/T1136/001/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /(echo|printf)\s+(-e\s+)?['\"]?[\w.\-]{1,32}:[^:\s]{0,120}:0{1,3}:\d{1,5}:[^>\n]{0,80}>>\s*\/etc\/passwd/
		$b = /\buseradd\s[^\n;|&]{0,80}(-o\s+-u\s*0\b|-u\s*0\s+-o\b|-ou\s*0\b)/
	condition:
		filesize < 1MB and any of them
}

rule Overt_Backdoor_Sudoers_Appended
{
	meta:
		name = "Overt.Backdoor.Sudoers.Appended"
		description = "A script that gives somebody all rights without a password"
		why = "Set-up scripts of machines for tests do so too."
		reference = "https://attack.mitre.org/techniques/T1548/003/"
		severity = "suspicious"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /(echo|printf)\s[^\n]{0,60}\sALL\s?=\s?\(ALL(\s?:\s?ALL)?\)\s?NOPASSWD:\s?ALL[^\n]{0,20}>>\s*\/etc\/sudoers\b/
	condition:
		filesize < 1MB and $a
}

rule Overt_Backdoor_Setuid_ShellCopy
{
	meta:
		name = "Overt.Backdoor.Setuid.ShellCopy"
		description = "A script that makes a copy of the shell run with root's rights"
		why = "Whoever starts the copy later is root."
		reference = "https://attack.mitre.org/techniques/T1548/001/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /\bcp\s+(-\w+\s+)?\/bin\/(ba|da|z|k)?sh\s+([^\s;&|]{1,64})\s*(;|&&|\n)\s*((sudo\s+)?chown\s+root[^\n;&]{0,60}(;|&&|\n)\s*)?(sudo\s+)?chmod\s+([ug+]{0,3}\+?[rwx]{0,2}s[rwx]{0,2}|[46][0-7]{3})\s+/
	condition:
		filesize < 1MB and $a
}

rule Overt_Backdoor_Profile_DownloadExec
{
	meta:
		name = "Overt.Backdoor.Profile.DownloadExec"
		description = "A script that makes each login fetch something and run it"
		why = "The intruder's server decides at each login what runs."
		reference = "https://attack.mitre.org/techniques/T1546/004/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /(echo|printf)\s[^\n]{0,40}(curl|wget)\s[^\n]{4,160}\|\s?(ba|da|z)?sh\b[^\n]{0,20}>>?\s*[^\s\n]{0,40}(\.bashrc|\.profile|\.bash_profile|\.zshrc|\/etc\/profile(\.d\/\S{1,40})?)/
	condition:
		filesize < 1MB and $a
}
