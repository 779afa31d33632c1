/*
 * Scripts that hide what they do, or switch protection off.
 *
 * Written for overt from public descriptions of techniques; Apache-2.0 as the rest. Conventions: docs/BUILTIN.md.
 */

rule Overt_Script_PowerShell_HiddenEncoded
{
	meta:
		name = "Overt.Script.PowerShell.HiddenEncoded"
		description = "A command line that starts PowerShell hidden with an encoded command"
		why = "Neither window nor text: nobody is meant to see what runs."
		reference = "https://attack.mitre.org/techniques/T1059/001/"
		reference = "https://attack.mitre.org/techniques/T1564/003/"
		reference = "https://attack.mitre.org/techniques/T1027/010/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /\bpowershell(\.exe)?['\"]?\s[^\n]{0,120}-w(i|in|ind|indo|indow|indows|indowst|indowsty|indowstyl|indowstyle)?\s+['\"]?(hidden|hid|h|1)\b[^\n]{0,80}\s-e(c|n|nc|nco|ncodedcommand)?\s+['\"]?[\w+\/=]{40,}/i
		$b = /\bpowershell(\.exe)?['\"]?\s[^\n]{0,120}\s-e(c|n|nc|nco|ncodedcommand)?\s+['\"]?[\w+\/=]{40,}['\"]?[^\n]{0,40}\s-w(i|in|indowstyle)?\s+['\"]?(hidden|h|1)\b/i
	condition:
		filesize < 1MB and any of them
}

rule Overt_Script_PowerShell_Encoded
{
	meta:
		name = "Overt.Script.PowerShell.Encoded"
		description = "A command line with a long encoded command for PowerShell"
		why = "Some installers do it to escape quoting; most who do want to hide."
		reference = "https://attack.mitre.org/techniques/T1059/001/"
		reference = "https://attack.mitre.org/techniques/T1027/010/"
		severity = "suspicious"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /\bpowershell(\.exe)?['\"]?\s([^\n]{0,120}\s)?-e(c|n|nc|nco|ncodedcommand)?\s+['\"]?[\w+\/=]{100,}/i
	condition:
		filesize < 1MB and $a
}

rule Overt_Script_PowerShell_EncodedDownload
{
	meta:
		name = "Overt.Script.PowerShell.EncodedDownload"
		description = "A text in base64 that, decoded, is PowerShell that fetches something"
		why = "Fetching is common, hiding that one does is not."
		reference = "https://attack.mitre.org/techniques/T1059/001/"
		reference = "https://attack.mitre.org/techniques/T1027/010/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = "DownloadString(" wide base64
		$b = "DownloadFile(" wide base64
		$c = "Net.WebClient" wide base64
		$d = "Invoke-Expression" wide base64
		$e = "FromBase64String(" wide base64
		$f = "IEX (" wide base64
		$g = "IEX(" wide base64
	condition:
		filesize < 2MB and (($a or $b) and ($c or $d or $f or $g)) or (filesize < 2MB and $e and ($d or $f or $g))
}

rule Overt_Script_PowerShell_HiddenCradle
{
	meta:
		name = "Overt.Script.PowerShell.HiddenCradle"
		description = "PowerShell that is started hidden to run something from the network"
		why = "No window, no rules for scripts, and code from elsewhere."
		reference = "https://attack.mitre.org/techniques/T1059/001/"
		reference = "https://attack.mitre.org/techniques/T1105/"
		reference = "https://attack.mitre.org/techniques/T1564/003/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /\bpowershell(\.exe)?['\"]?\s[^\n]{0,160}-w(i|in|indowstyle)?\s+['\"]?(hidden|h|1)\b[^\n]{0,200}(DownloadString|DownloadFile|DownloadData|Invoke-WebRequest|\biwr\b|Start-BitsTransfer|Invoke-RestMethod|\birm\b)[^\n]{0,200}/i
		$b = /\b(iex|Invoke-Expression|Start-Process|saps|&)\b|\|\s*iex/i
	condition:
		filesize < 1MB and all of them
}

rule Overt_Script_PowerShell_Cradle
{
	meta:
		name = "Overt.Script.PowerShell.Cradle"
		description = "PowerShell that runs a script straight from the network"
		why = "Installers ask people to do it; droppers do it by themselves."
		reference = "https://attack.mitre.org/techniques/T1059/001/"
		reference = "https://attack.mitre.org/techniques/T1105/"
		severity = "suspicious"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /\b(iex|Invoke-Expression)\b\s*\(?\s*\(?\s*\(?\s*New-Object\s+(System\.)?Net\.WebClient\s*\)?\s*\)?\s*\.\s*Download(String|Data)\s*\(/i
		$b = /\b(iex|Invoke-Expression)\b\s*\(?\s*\(?\s*(iwr|irm|Invoke-WebRequest|Invoke-RestMethod|curl)\b[^\n|]{0,120}https?:\/\//i
		$c = /\b(iwr|irm|Invoke-WebRequest|Invoke-RestMethod)\b[^\n|]{0,60}https?:\/\/[^\n|]{0,160}\|\s*(iex|Invoke-Expression)\b/i
		$d = /\bDownloadString\s*\([^\n|]{0,160}\|\s*(iex|Invoke-Expression)\b/i
	condition:
		filesize < 1MB and any of them
}

rule Overt_Script_PowerShell_AmsiOff
{
	meta:
		name = "Overt.Script.PowerShell.AmsiOff"
		description = "PowerShell that switches off the scanning of scripts"
		why = "Only what would be found has a reason to do it."
		reference = "https://attack.mitre.org/techniques/T1562/001/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /[a]msiInitFailed/i
		$b = /Ams['\"+\s]{0,6}iUtils|[a]msiUtils|amsiSession|[a]msiContext/i
		$c = /[A]msiScanBuffer|[A]msiOpenSession/i
		$d = /VirtualProtect/
		$e = /Marshal\]?::(Copy|WriteInt32|WriteByte)/i
		$f = /GetField\s*\(|SetValue\s*\(/i
	condition:
		filesize < 1MB and (($a and $b and $f) or ($c and $d and $e))
}

rule Overt_Script_PowerShell_ReflectiveLoad
{
	meta:
		name = "Overt.Script.PowerShell.ReflectiveLoad"
		description = "PowerShell that carries a program as text and loads it into memory"
		why = "The program is in no file where it could be found."
		reference = "https://attack.mitre.org/techniques/T1620/"
		reference = "https://attack.mitre.org/techniques/T1059/001/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /Reflection\.Assembly\]?\s*::\s*['\"]?Load['\"]?\s*\(|AppDomain\]::CurrentDomain\.Load\s*\(/i
		$b = /FromBase64String\s*\(/i
		$c = /['\"](TVqQAA|TVpQAA|TVqAAA|H4sIAA)[\w+\/=]{40,}/
	condition:
		filesize < 1MB and all of them
}

rule Overt_Script_PowerShell_MemoryCode
{
	meta:
		name = "Overt.Script.PowerShell.MemoryCode"
		description = "PowerShell that writes machine code into memory and runs it"
		why = "A loader for code that is in no file."
		reference = "https://attack.mitre.org/techniques/T1055/"
		reference = "https://attack.mitre.org/techniques/T1059/001/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /\bVirtualAlloc(Ex)?\b/
		$b = /\b(CreateThread|CreateRemoteThread|NtCreateThreadEx|QueueUserAPC|CallWindowProc\w?|EnumSystemLocales\w?)\b/
		$c = /Marshal\]?\s*::\s*Copy|WriteProcessMemory|RtlMoveMemory|\bmemset\b/i
		$d = /DllImport\s*\(|GetDelegateForFunctionPointer|Add-Type|DefineDynamicAssembly|UnsafeNativeMethods/i
		$e = /\[Byte\[\]\]\s*\$\w{1,20}\s*=\s*\(?\s*(0x[0-9a-f]{1,2}\s*,|@\(\s*0x)|::\s*FromBase64String\s*\(/i
	condition:
		filesize < 1MB and all of them
}

rule Overt_Script_PowerShell_DefenderOff
{
	meta:
		name = "Overt.Script.PowerShell.DefenderOff"
		description = "A script that switches Defender's protection off or excludes whole drives from it"
		why = "Those who protect themselves do not begin so."
		reference = "https://attack.mitre.org/techniques/T1562/001/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /(Set|Add)-MpPreference\s[^\n]{0,80}-(DisableRealtimeMonitoring|DisableBehaviorMonitoring|DisableIOAVProtection|DisableScriptScanning)\s+(\$true|1)\b/i
		$b = /(Set|Add)-MpPreference\s[^\n]{0,40}-ExclusionPath\s+['\"]?([a-z]:\\?['\"]?\s|\$env:(temp|appdata)|%(temp|appdata)%)/i
		$d = /\b(DownloadString|DownloadFile|Invoke-WebRequest|iwr|Start-BitsTransfer|Start-Process|certutil)\b/i
	condition:
		filesize < 1MB and $d and ($a or $b)
}

rule Overt_Script_VBS_ExecuteCharacters
{
	meta:
		name = "Overt.Script.VBS.ExecuteCharacters"
		description = "VBScript that puts its code together from character numbers and executes it"
		why = "Code that is a calculation can't be read."
		reference = "https://attack.mitre.org/techniques/T1059/005/"
		reference = "https://attack.mitre.org/techniques/T1027/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /\b(execute|executeglobal|eval)\s*\(?\s*(chrw?\s*\([^)\n]{1,30}\)\s*[&+]\s*){6,}/i
		$b = /(chrw?\s*\(\s*(CLng\s*\(\s*)?(&h)?[0-9a-f]{1,6}\s*[-+*\/^][^)\n]{1,20}\)?\s*\)\s*&\s*){10,}/i
		$k = /\bexecute(global)?\b|WScript|CreateObject/i
	condition:
		filesize < 1MB and ($a or $b and $k)
}

rule Overt_Script_Batch_LetterLookup
{
	meta:
		name = "Overt.Script.Batch.LetterLookup"
		description = "A batch file whose commands are picked letter by letter out of variables"
		why = "Nobody writes commands so who wants them read."
		reference = "https://attack.mitre.org/techniques/T1059/003/"
		reference = "https://attack.mitre.org/techniques/T1027/010/"
		severity = "suspicious"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /(%\w{1,24}:~-?\d{1,3},1%){8,}/
		$k = /@echo off|\bsetlocal\b/i
	condition:
		filesize < 1MB and all of them
}

rule Overt_Script_Shell_HexPipe
{
	meta:
		name = "Overt.Script.Shell.HexPipe"
		description = "A shell script that writes code as numbers and gives it to a shell"
		why = "What it does can't be read before it is done."
		reference = "https://attack.mitre.org/techniques/T1027/010/"
		reference = "https://attack.mitre.org/techniques/T1059/004/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /\b(printf|echo\s+-n?en?)\s+['\"$]{0,2}(\\x[0-9a-f]{2}|\\0?[0-7]{3}){16,}['\"]?\s*\|\s*(ba|da|z)?sh\b/i
		$b = /\beval\s+['\"]?\$\(\s*(printf|echo\s+-n?en?)\s+['\"]?(\\x[0-9a-f]{2}|\\0?[0-7]{3}){12,}/i
		$c = /\bxxd\s+-r\s+-p[^\n|]{0,40}\|\s*(ba|da|z)?sh\b|\becho\s+['\"]?[0-9a-f]{80,}['\"]?\s*\|\s*xxd\s+-r[^\n]{0,20}\|\s*(ba|da|z)?sh\b/i
	condition:
		filesize < 1MB and any of them
}

rule Overt_Script_Python_ExecDecoded
{
	meta:
		name = "Overt.Script.Python.ExecDecoded"
		description = "Python that decodes a long text and executes it"
		why = "What it does can't be read before it is done."
		reference = "https://attack.mitre.org/techniques/T1059/006/"
		reference = "https://attack.mitre.org/techniques/T1027/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /\bexec\s*\(\s*((compile|bytes|str|__import__\s*\(\s*['\"](zlib|base64|marshal|codecs|lzma|bz2|gzip)['\"]\s*\)\.\w{1,20}|(zlib|base64|marshal|codecs|lzma|bz2|gzip|binascii)\s*\.\s*\w{1,20}|b64decode|decompress|loads|unhexlify)\s*\(\s*){1,5}(\w{1,10}\s*=\s*)?[rb]{0,2}['\"][\w+\/=\\\-!@#$%^&*(){}<>;:,.?|~`]{80,}/
	condition:
		filesize < 1MB and $a
}

rule Overt_Script_JavaScript_EvalDecoded
{
	meta:
		name = "Overt.Script.JavaScript.EvalDecoded"
		description = "JavaScript that decodes a long text and executes it with the rights of Node"
		why = "What it does can't be read before it is done."
		reference = "https://attack.mitre.org/techniques/T1059/007/"
		reference = "https://attack.mitre.org/techniques/T1027/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /\b(eval|Function|vm\.runIn\w{2,16})\s*\(\s*(Buffer\.from|atob|unescape|decodeURIComponent)\s*\(\s*['\"][\w+\/=%]{200,}['\"]/
		$b = /require\s*\(\s*['\"](node:)?(child_process|fs|http|https|net|os)['\"]\s*\)|process\.env|ActiveXObject/
	condition:
		filesize < 1MB and all of them
}

rule Overt_Script_JavaScript_HexNames
{
	meta:
		name = "Overt.Script.JavaScript.HexNames"
		description = "JavaScript in the form that a well known obfuscator gives it"
		why = "Names of hexadecimal numbers and a rotated list of texts; some sell their code so."
		reference = "https://attack.mitre.org/techniques/T1027/"
		reference = "https://attack.mitre.org/techniques/T1059/007/"
		severity = "suspicious"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /\b_0x[0-9a-f]{4,6}\s*\(\s*['\"]?0x[0-9a-f]{1,4}/
		$b = /while\s*\(\s*!!\[\]\s*\)/
		$c = /\[['\"]push['\"]\]\s*\(\s*_0x[0-9a-f]{4,6}\s*\[['\"]shift['\"]\]\s*\(\s*\)\s*\)/
	condition:
		filesize < 5MB and all of them
}

rule Overt_Script_JavaScript_EnvironmentSent
{
	meta:
		name = "Overt.Script.JavaScript.EnvironmentSent"
		description = "JavaScript that sends all variables of the environment away"
		why = "They hold passwords and keys of builds."
		reference = "https://attack.mitre.org/techniques/T1195/002/"
		reference = "https://attack.mitre.org/techniques/T1552/"
		severity = "suspicious"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /JSON\.stringify\s*\(\s*process\.env\s*\)|Object\.(entries|keys)\s*\(\s*process\.env\s*\)/
		$b = /\bhttps?\.request\s*\(|\bfetch\s*\(\s*['\"`]http|axios\.post\s*\(|dns\.(lookup|resolve)\s*\(/
		$c = /\bos\.(hostname|userInfo|homedir)\s*\(|require\s*\(\s*['\"]os['\"]\s*\)\.\s*(hostname|userInfo|homedir)/
	condition:
		filesize < 256KB and all of them
}

rule Overt_Script_HTML_EscapedPage
{
	meta:
		name = "Overt.Script.HTML.EscapedPage"
		description = "A page that writes itself out of one long escaped text"
		why = "Filters see numbers; the visitor sees a page."
		reference = "https://attack.mitre.org/techniques/T1027/"
		severity = "suspicious"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /document\.write(ln)?\s*\(\s*(unescape|decodeURIComponent|atob)\s*\(\s*['\"](%[0-9a-f]{2}|[\w+\/=]){600,}/i
		$h = /<(html|script|body|!doctype)/i
	condition:
		filesize < 1MB and all of them
}

rule Overt_Script_Shell_Fork
{
	meta:
		name = "Overt.Script.Shell.Fork"
		description = "A line that starts itself without end"
		why = "Makes a machine stand still until it is started anew."
		reference = "https://attack.mitre.org/techniques/T1499/001/"
		severity = "unwanted"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /(:\(\)\{|:\(\) \{)\s?:\s?\|\s?:\s?&\s?\}\s?;\s?:/
	condition:
		filesize < 16KB and $a
}
