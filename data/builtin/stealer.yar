/*
 * Stealers of passwords, keys and tokens.
 *
 * Written for overt from public descriptions of techniques; Apache-2.0 as the rest. Conventions: docs/BUILTIN.md.
 */

rule Overt_Stealer_Script_BrowserPasswords
{
	meta:
		name = "Overt.Stealer.Script.BrowserPasswords"
		description = "A script that reads browsers' stored passwords and sends them to a chat"
		why = "Chats are where thieves collect what programs like this bring."
		reference = "https://attack.mitre.org/techniques/T1555/003/"
		reference = "https://attack.mitre.org/techniques/T1567/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /[L]ogin Data\b|[l]ogins\.json|[C]ookies\.sqlite/
		$b = /[L]ocal State\b|os_crypt|encrypted_key|CryptUnprotectData|[k]ey4\.db/
		$x = /(discord(app)?\.com\/api\/webhooks\/\d{4,}|api\.telegram\.org\/bot)/
	condition:
		filesize < 20MB and all of them
}

rule Overt_Stealer_Script_ChatTokens
{
	meta:
		name = "Overt.Stealer.Script.ChatTokens"
		description = "A script that looks for chat tokens in programs' data and sends them away"
		why = "A token is as good as the password."
		reference = "https://attack.mitre.org/techniques/T1528/"
		reference = "https://attack.mitre.org/techniques/T1567/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /\[\\?\\w-?\\?-?\]\{2[46](,26)?\}\\{1,2}\.\[\\?\\w-?\\?-?\]\{6\}\\{1,2}\.\[\\?\\w-?\\?-?\]\{(27|38|25,110|27,38)\}|mfa\\{1,2}\.\[\\?\\w/
		$b = /[l]eveldb|Local Storage/
		$x = /(discord(app)?\.com\/api\/webhooks\/\d{4,}|api\.telegram\.org\/bot)/
	condition:
		filesize < 20MB and all of them
}

rule Overt_Stealer_Shell_KeysSent
{
	meta:
		name = "Overt.Stealer.Shell.KeysSent"
		description = "A script that collects keys and password files and sends them away"
		why = "SSH keys, cloud keys and shadow files open other machines."
		reference = "https://attack.mitre.org/techniques/T1552/001/"
		reference = "https://attack.mitre.org/techniques/T1552/004/"
		reference = "https://attack.mitre.org/techniques/T1041/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$k1 = /\.ssh\/(id_(rsa|dsa|ecdsa|ed25519)|\*)/
		$k2 = /\.aws\/credentials/
		$k3 = /\/etc\/shadow\b/
		$k4 = /\.docker\/config\.json/
		$k5 = /\.kube\/config\b/
		$k6 = /\.bash_history\b/
		$k7 = /\.git-credentials\b|\.netrc\b|\.npmrc\b|\.pgpass\b/
		$k8 = /169\.254\.169\.254\/latest\/meta-data\/iam/
		$x = /\bcurl\s[^\n]{0,120}(-F|--form|--data(-binary|-raw)?|-d|-T|--upload-file)[\s='"]{0,3}[^\n]{0,80}(@|\$|\{)|\bnc\s+[\w.\-]{3,64}\s+\d{1,5}\s*<|\bwget\s[^\n]{0,60}--post-(file|data)/
	condition:
		filesize < 256KB and $x and 4 of ($k*)
}

rule Overt_Stealer_Shell_FakeSudo
{
	meta:
		name = "Overt.Stealer.Shell.FakeSudo"
		description = "A script that plays sudo's question and keeps the answer"
		why = "Takes the password of whoever believes it."
		reference = "https://attack.mitre.org/techniques/T1056/"
		reference = "https://attack.mitre.org/techniques/T1548/003/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$q = /\[sudo\]\spassword\sfor/
		$r = /\bread\s+(-\w{1,2}\s+)*-?\w*s\w*\s/
		$k = /(>>?\s*['"]?(\/tmp|\/var\/tmp|\/dev\/shm|~|\$HOME)\/|\bcurl\s|\bwget\s|\bnc\s)/
		$s = /\bsudo\s+-S\b|alias\s+sudo=|function\s+sudo\b|\bsudo\s?\(\)\s?\{/
	condition:
		filesize < 64KB and all of them
}

rule Overt_Stealer_Windows_LsassDump
{
	meta:
		name = "Overt.Stealer.Windows.LsassDump"
		description = "A command line that writes the memory of the process which holds passwords to a file"
		why = "comsvcs.dll's MiniDump is the tool that every Windows has."
		reference = "https://attack.mitre.org/techniques/T1003/001/"
		reference = "https://lolbas-project.github.io/lolbas/Libraries/comsvcs/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /\b[c]omsvcs(\.dll)?['\"]?\s?,?\s{0,3}['\"]?(#[+\-]?0{0,4}24|MiniDump)\b/i
		$b = /\brundll32|\blsass/i
		$c = /\b[p]rocdump(64)?(\.exe)?\s[^\n]{0,40}-ma\s[^\n]{0,20}lsass/i
	condition:
		filesize < 1MB and ($a and $b or $c)
}

rule Overt_Stealer_Windows_BrowserPasswords
{
	meta:
		name = "Overt.Stealer.Windows.BrowserPasswords"
		description = "A Windows program that knows where browsers keep passwords, and a chat to send them to"
		why = "Chats are where thieves collect what programs like this bring."
		reference = "https://attack.mitre.org/techniques/T1555/003/"
		reference = "https://attack.mitre.org/techniques/T1567/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /[L]ogin Data/ ascii wide
		$b = /[e]ncrypted_key|[o]s_crypt/ ascii wide
		$x = /[a]pi\.telegram\.org\/bot|[a]pi\/webhooks\/\d/ ascii wide
		$w = /[w]allet|[C]ookies/ ascii wide
	condition:
		uint16(0) == 0x5a4d and filesize < 50MB and all of them
}

rule Overt_Stealer_Windows_Mimikatz
{
	meta:
		name = "Overt.Stealer.Windows.Mimikatz"
		description = "A tool that reads passwords out of the memory of Windows"
		why = "Used in tests of security and by intruders alike."
		reference = "https://attack.mitre.org/techniques/T1003/001/"
		severity = "unwanted"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /[s]ekurlsa(::)?/ ascii wide
		$b = /[k]erberos::|[l]sadump/ ascii wide
		$c = /[l]ogonpasswords/ nocase ascii wide
		$d = /[g]entilkiwi|[m]imikatz/ nocase ascii wide
	condition:
		(uint16(0) == 0x5a4d or filesize < 2MB) and filesize < 20MB and all of them
}

rule Overt_Stealer_Web_CardSkimmer
{
	meta:
		name = "Overt.Stealer.Web.CardSkimmer"
		description = "JavaScript that reads card fields of a shop and sends them in a picture's address"
		why = "Shops send cards by a form to their bank."
		reference = "https://attack.mitre.org/techniques/T1056/003/"
		reference = "https://attack.mitre.org/techniques/T1059/007/"
		severity = "suspicious"
		author = "overt"
		date = "2026-11-22"
	strings:
		$c = /(cc[_\-]?(number|cid|cvv|exp)|card[_\-]?(number|cvc|cvv)|\bcvv2?\b|payment\[cc)/i
		$b = /\bbtoa\s*\(|\bencodeURIComponent\s*\(\s*JSON\.stringify/
		$i = /(new\s+Image\s*\(\s*\)[^\n]{0,80}\.src\s*=|createElement\s*\(\s*['"]img['"]\s*\)[^\n]{0,80}\.src\s*=|navigator\.sendBeacon\s*\(|new\s+WebSocket\s*\()/
		$e = /addEventListener\s*\(\s*['"](submit|click|change|blur|mousedown|input)['"]|\.on\s*\(\s*['"](submit|click)|setInterval\s*\(/
		$p = /(checkout|onepage|firecheckout|billing)/i
		$q = /querySelector(All)?\s*\(\s*['"][^'"\n]{0,20}(input|select|cc_|card)|getElementById\s*\(\s*['"][^'"\n]{0,20}(cc_|card|cvv)/i
	condition:
		filesize < 2MB and all of them
}

rule Overt_Stealer_Linux_KeyLogger
{
	meta:
		name = "Overt.Stealer.Linux.KeyLogger"
		description = "A script or program that reads the keyboard's device and writes or sends what it saw"
		why = "Accessibility tools read it too, but do not keep it."
		reference = "https://attack.mitre.org/techniques/T1056/001/"
		severity = "suspicious"
		author = "overt"
		date = "2026-11-22"
	strings:
		$d = /[\/]dev\/input\/(event(\d|%d)|by-path\/[\w\-*]{0,40}kbd)/
		$k = /\[?[L](EFT|eft)?_?\s?(CTRL|Ctrl|SHIFT|Shift)\]|<(Enter|BackSpace|Tab|LShft|LCtrl)>|\[(ENTER|BACKSPACE|CAPSLOCK)\]/
		$s = /\bsmtplib\b|\brequests\.post\s*\(|\bcurl\s|api\.telegram\.org|discord(app)?\.com\/api\/webhooks|[k]eylog/i
	condition:
		filesize < 5MB and all of them
}
