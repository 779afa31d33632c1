/*
 * Droppers: documents, pages, shortcuts and scripts that bring a program along.
 *
 * Written for overt from public descriptions of techniques; Apache-2.0 as the rest. Conventions: docs/BUILTIN.md.
 */

rule Overt_Dropper_Shell_HiddenTemp
{
	meta:
		name = "Overt.Dropper.Shell.HiddenTemp"
		description = "A script that fetches a program to a hidden place in a temporary folder and starts it"
		why = "Software that means well is not hidden where it is thrown away."
		reference = "https://attack.mitre.org/techniques/T1105/"
		reference = "https://attack.mitre.org/techniques/T1564/001/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /\b(curl|wget)\s[^\n;|&]{0,160}(-o|-O|>|--output|--output-document)[\s=]*['\"]?\/(tmp|var\/tmp|dev\/shm)\/(\S{1,40}\/)?\.[\w.\-]{1,40}[^\n]{0,20}[;\n&]{1,2}\s{0,8}(sudo\s+)?chmod\s+[^\n]{1,100}[;\n&]{1,2}/
	condition:
		filesize < 1MB and $a
}

rule Overt_Dropper_Shell_ShmProgram
{
	meta:
		name = "Overt.Dropper.Shell.ShmProgram"
		description = "A script that fetches a program to /dev/shm and starts it"
		why = "Memory leaves no trace on the disk; nothing else wants it."
		reference = "https://attack.mitre.org/techniques/T1105/"
		reference = "https://attack.mitre.org/techniques/T1070/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /\b(curl|wget)\s[^\n;|&]{0,160}\/dev\/shm\/[\w.\-]{1,40}[^\n]{0,20}[;\n&]{1,2}\s{0,8}(sudo\s+)?chmod\s+[^\n]{1,60}\/dev\/shm\//
	condition:
		filesize < 1MB and $a
}

rule Overt_Dropper_Shell_ManyMachines
{
	meta:
		name = "Overt.Dropper.Shell.ManyMachines"
		description = "A script that fetches the same program for one kind of processor after another"
		why = "Bots try them all: whoever installs something knows the machine."
		reference = "https://attack.mitre.org/techniques/T1105/"
		reference = "https://attack.mitre.org/techniques/T1584/005/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /\b(wget|curl|tftp|ftpget)\s[^\n;|&]{0,120}[\/.\-_ ](mips(el)?|mpsl|arm(v?[4567]l?)?|sh4|m68k|ppc|powerpc|x86(_64)?|i[4-6]86|spc|sparc|arc)\b[^\n]{0,160}chmod\s/
		$b = /http:\/\/\d{1,3}(\.\d{1,3}){3}/
	condition:
		filesize < 64KB and #a > 3 and #b > 3
}

rule Overt_Dropper_Shell_EncodedBlock
{
	meta:
		name = "Overt.Dropper.Shell.EncodedBlock"
		description = "A script that decodes a long text and gives it to a shell"
		why = "What it does can't be read before it is done."
		reference = "https://attack.mitre.org/techniques/T1027/"
		reference = "https://attack.mitre.org/techniques/T1140/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /(echo|printf)\s+(-n\s+)?['\"]?[\w+\/]{120,}={0,2}['\"]?\s*\|\s*(openssl\s+(enc\s+)?-?)?base64\s+(-d|-D|--decode)[^|\n]{0,20}(\|\s*(gunzip|gzip\s+-d\w*|zcat|xz\s+-d\w*)\s*)?\|\s*(sudo\s+)?(ba|da|z)?sh\b/
	condition:
		filesize < 1MB and $a
}

rule Overt_Dropper_Shell_CoversTracks
{
	meta:
		name = "Overt.Dropper.Shell.CoversTracks"
		description = "A script that fetches a program and removes the logs and the history"
		why = "Administrators keep logs; intruders remove them."
		reference = "https://attack.mitre.org/techniques/T1070/002/"
		reference = "https://attack.mitre.org/techniques/T1070/003/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$d = /\b(curl|wget)\s[^\n]{0,160}http/
		$a = /\bunset\s+HISTFILE\b|\bexport\s+HISTFILE=\/dev\/null|\bhistory\s+-c\b|HISTSIZE=0/
		$b = /(\brm\s+-[rf]{1,3}\s|>\s?|\bshred\s[^\n]{0,20})\s*\/var\/(log\/(wtmp|btmp|lastlog|secure|auth\.log|syslog|messages|cron)|spool\/mail\/root)/
		$c = /\bchmod\s+(\+x|[0-7]{3,4}|[ugoa]+\+x)\s/
	condition:
		filesize < 1MB and all of them
}

rule Overt_Dropper_Office_MacroShell
{
	meta:
		name = "Overt.Dropper.Office.MacroShell"
		description = "A macro that starts a command interpreter when the document is opened"
		why = "Documents have no business with command lines."
		reference = "https://attack.mitre.org/techniques/T1204/002/"
		reference = "https://attack.mitre.org/techniques/T1059/005/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$vb = /Attribute VB_(Name|Base|GlobalNameSpace)/
		$auto = /\bSub\s+(Auto_?(Open|Exec|Close|New)|Document_?(Open|Close|New)|Workbook_(Open|Activate|BeforeClose)|Worksheet_Activate)\b/i
		$run = /\b(Shell\s*[\(\s]\s*|\.\s*(Run|Exec|ShellExecute|Create)\s*[\(\s]\s*)/i
		$what = /\b(powershell(\.exe)?\s|cmd(\.exe)?\s{1,3}\/[ck]\b|mshta(\.exe)?\s|regsvr32(\.exe)?\s|rundll32(\.exe)?\s|certutil(\.exe)?\s|bitsadmin(\.exe)?\s|wscript(\.exe)?\s)/i
	condition:
		filesize < 1MB and all of them
}

rule Overt_Dropper_Office_MacroDownload
{
	meta:
		name = "Overt.Dropper.Office.MacroDownload"
		description = "A macro that fetches a file, saves it and starts it"
		why = "A document that brings a program along from elsewhere."
		reference = "https://attack.mitre.org/techniques/T1204/002/"
		reference = "https://attack.mitre.org/techniques/T1105/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$vb = /Attribute VB_(Name|Base|GlobalNameSpace)/
		$get = /URLDownloadToFile|(MSXML2|Microsoft|WinHttp)\.(Server)?(XMLHTTP|WinHttpRequest)/i
		$save = /\.SaveToFile\b|URLDownloadToFile|Open\s[^\n]{1,60}\sFor\s(Binary|Output)/i
		$run = /\b(Shell\s*[\(\s]|ShellExecute|WScript\.Shell|\.\s*Run\s*[\(\s]|Win32_Process)/i
		$exe = /\.(exe|dll|scr|ps1|vbs|js|hta|bat|cmd)['\"]/i
	condition:
		filesize < 1MB and all of them
}

rule Overt_Dropper_Office_MacroHiddenText
{
	meta:
		name = "Overt.Dropper.Office.MacroHiddenText"
		description = "A macro that runs when the document is opened and hides its texts in numbers"
		why = "Texts that are put together from character numbers are not to be found."
		reference = "https://attack.mitre.org/techniques/T1027/"
		reference = "https://attack.mitre.org/techniques/T1204/002/"
		severity = "suspicious"
		author = "overt"
		date = "2026-11-22"
	strings:
		$vb = /Attribute VB_(Name|Base|GlobalNameSpace)/
		$auto = /\bSub\s+(Auto_?(Open|Exec|Close|New)|Document_?(Open|Close|New)|Workbook_(Open|Activate|BeforeClose)|Worksheet_Activate)\b/i
		$a = /(\bChr[WB]?\$?\s*\(\s*[&\w+\-*\/ ]{1,20}\)\s*(&|\+)\s*){6,}/i
	condition:
		filesize < 1MB and all of them
}

rule Overt_Dropper_Office_MacroMemory
{
	meta:
		name = "Overt.Dropper.Office.MacroMemory"
		description = "A macro that writes code into memory and runs it"
		why = "Macros that call VirtualAlloc load programs that are in no file."
		reference = "https://attack.mitre.org/techniques/T1055/"
		reference = "https://attack.mitre.org/techniques/T1204/002/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$vb = /Attribute VB_(Name|Base|GlobalNameSpace)/
		$a = /\b(VirtualAlloc(Ex)?|HeapCreate|NtAllocateVirtualMemory|VirtualProtect)\b/
		$b = /\b(RtlMoveMemory|WriteProcessMemory|NtWriteVirtualMemory)\b/
		$c = /\b(CreateThread|CreateRemoteThread|EnumSystemLocales\w?|EnumWindows|CallWindowProc\w?|CreateTimerQueueTimer|QueueUserAPC)\b/
		$d = /\bDeclare\s+(PtrSafe\s+)?Function\b/i
	condition:
		filesize < 1MB and all of them
}

rule Overt_Dropper_Office_DdeCommand
{
	meta:
		name = "Overt.Dropper.Office.DdeCommand"
		description = "A field of a document that starts a command by DDE"
		why = "Runs a program from a document without a macro."
		reference = "https://attack.mitre.org/techniques/T1559/002/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /\bDDEAUTO\b[^\n<]{0,24}(['\"]?[a-z]:\\{1,4}[^\n<]{0,60})?\\{0,4}(cmd|powershell|mshta|regsvr32|rundll32|cscript|wscript)(\.exe)?\b[^\n<]{0,8}\s?['\"]?\s?[^\n<]{0,20}(\/c\b|\/k\b|-\w|http)/i
		$b = /^[=+\-@](cmd\||cmd\.exe\||powershell(\.exe)?\||mshta(\.exe)?\||msexcel\||rundll32(\.exe)?\||regsvr32(\.exe)?\|)['\"\s]/i
		$c = /[\n,;\"][=+\-@](cmd\||cmd\.exe\||powershell(\.exe)?\||mshta(\.exe)?\||rundll32(\.exe)?\||regsvr32(\.exe)?\|)['\"\s]{1,3}\s?(\/c|\/k|-\w|http)/i
	condition:
		filesize < 5MB and any of them
}

rule Overt_Dropper_LNK_PowerShell
{
	meta:
		name = "Overt.Dropper.LNK.PowerShell"
		description = "A shortcut that starts PowerShell hidden, or with something from the network"
		why = "Shortcuts in mails and archives stand in for documents."
		reference = "https://attack.mitre.org/techniques/T1204/002/"
		reference = "https://attack.mitre.org/techniques/T1547/009/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$p = /powershell/ nocase wide
		$h = /(hidden|-e(n|nc|c|ncodedcommand)? |download|iex|iwr|invoke|http|frombase64)/ nocase wide
	condition:
		uint32(0) == 0x4c and uint32(4) == 0x00021401 and filesize < 5MB and all of them
}

rule Overt_Dropper_LNK_SystemTool
{
	meta:
		name = "Overt.Dropper.LNK.SystemTool"
		description = "A shortcut that lets a tool of the system fetch or run something"
		why = "mshta, certutil and kin fetch and run what the shortcut names."
		reference = "https://attack.mitre.org/techniques/T1204/002/"
		reference = "https://attack.mitre.org/techniques/T1218/"
		reference = "https://lolbas-project.github.io/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$m = /mshta(\.exe)?['" ].{0,20}http/ nocase wide
		$c = /certutil.{1,20}(urlcache|decode)/ nocase wide
		$r = /regsvr32.{1,40}(\/i:http|scrobj)/ nocase wide
		$b = /bitsadmin.{1,40}\/transfer/ nocase wide
		$u = /cmd(\.exe)?.{1,30}curl.{1,60}http/ nocase wide
		$j = /rundll32.{1,40}javascript:/ nocase wide
	condition:
		uint32(0) == 0x4c and uint32(4) == 0x00021401 and filesize < 5MB and any of them
}

rule Overt_Dropper_LNK_Attached
{
	meta:
		name = "Overt.Dropper.LNK.Attached"
		description = "A shortcut far larger than shortcuts are"
		why = "The rest is what it unpacks from itself."
		reference = "https://attack.mitre.org/techniques/T1027/009/"
		reference = "https://attack.mitre.org/techniques/T1204/002/"
		severity = "suspicious"
		author = "overt"
		date = "2026-11-22"
	condition:
		uint32(0) == 0x4c and uint32(4) == 0x00021401 and filesize > 256KB and filesize < 200MB
}

rule Overt_Dropper_HTML_SmuggledProgram
{
	meta:
		name = "Overt.Dropper.HTML.SmuggledProgram"
		description = "A page that makes an archive, image or program out of its own text and saves it"
		why = "Filters of mail and network see a page; the file comes into being in the browser."
		reference = "https://attack.mitre.org/techniques/T1027/006/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$b = /new\s+(self\.|window\.)?Blob\s*\(/
		$u = /createObjectURL|msSaveOrOpenBlob|msSaveBlob/
		$d = /\.\s*download\s*=|msSave(OrOpen)?Blob\s*\(|setAttribute\s*\(\s*['"]download['"]|\sdownload\s?=\s?['"]/
		$c = /\.click\s*\(\s*\)|dispatchEvent|msSave(OrOpen)?Blob\s*\(/
		$t = /\batob\s*\(|fromCharCode|charCodeAt/
		$zip = /['"`](UEsDB[AB]|TVqQAA|TVpQAA|N3q8rycc|UmFyIRoH|TVqAAA|TVpBUlU)[\w+\/=\s]{64,}/
		$html = /<(html|script|body|!doctype)/i
	condition:
		filesize < 30MB and all of them
}

rule Overt_Dropper_HTML_SmuggledBytes
{
	meta:
		name = "Overt.Dropper.HTML.SmuggledBytes"
		description = "A page that at once saves a file made of a long text in it"
		why = "Some pages save what their user made; this one does it by itself."
		reference = "https://attack.mitre.org/techniques/T1027/006/"
		severity = "suspicious"
		author = "overt"
		date = "2026-11-22"
	strings:
		$b = /new\s+(self\.|window\.)?Blob\s*\(/
		$u = /createObjectURL|msSaveOrOpenBlob/
		$d = /\.\s*download\s*=\s*[^;\n]{0,60}\.(zip|iso|img|rar|7z|exe|js|lnk|vhd|msi|hta|cab|docm|xlsm)['"`]/i
		$c = /\.click\s*\(\s*\)/
		$t = /\batob\s*\(/
		$l = /['"`][\w+\/]{4000,}/
		$html = /<(html|script|body|!doctype)/i
	condition:
		filesize < 30MB and all of them
}

rule Overt_Dropper_HTA_Script
{
	meta:
		name = "Overt.Dropper.HTA.Script"
		description = "An HTML application that starts programs"
		why = "Applications of this kind run without a browser's fences; mails bring them."
		reference = "https://attack.mitre.org/techniques/T1218/005/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$h = /<hta:application\b|<script[^>\n]{0,60}language\s?=\s?['"]?(vbscript|jscript)/i
		$w = /(CreateObject|ActiveXObject)\s*\(\s*['"](WScript\.Shell|Shell\.Application)['"]/i
		$r = /\.\s*(Run|Exec|ShellExecute)\s*[\(\s][^\n]{0,120}(powershell|cmd(\.exe)?\s{1,3}\/c|mshta|certutil|bitsadmin|rundll32|regsvr32|http)/i
		$x = /<(html|hta|head|script)/i
	condition:
		filesize < 1MB and all of them
}

rule Overt_Dropper_WSH_DownloadRun
{
	meta:
		name = "Overt.Dropper.WSH.DownloadRun"
		description = "A Windows script that fetches a file, saves it and starts it"
		why = "Attachments of mails do this; tools of administrators have signed programs for it."
		reference = "https://attack.mitre.org/techniques/T1059/005/"
		reference = "https://attack.mitre.org/techniques/T1059/007/"
		reference = "https://attack.mitre.org/techniques/T1105/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$s = /(CreateObject|ActiveXObject)\s*\(\s*['"](WScript\.Shell|Shell\.Application)['"]/i
		$h = /(CreateObject|ActiveXObject)\s*\(\s*['"](MSXML2\.|Microsoft\.|WinHttp\.)[\w.]{4,40}['"]/i
		$a = /(CreateObject|ActiveXObject)\s*\(\s*['"](ADODB\.Stream|Scripting\.FileSystemObject)['"]/i
		$f = /SaveToFile|\.Write\s*\(?\s*\w{1,20}\.response(Body|Text)/i
		$r = /\.\s*(Run|Exec|ShellExecute)\s*[\(\s]/i
	condition:
		filesize < 1MB and all of them
}

rule Overt_Dropper_Batch_SystemToolDownload
{
	meta:
		name = "Overt.Dropper.Batch.SystemToolDownload"
		description = "A script that lets certutil or bitsadmin fetch a program and starts it"
		why = "Tools of the system that fetch files are used where others would be noticed."
		reference = "https://lolbas-project.github.io/lolbas/Binaries/Certutil/"
		reference = "https://attack.mitre.org/techniques/T1105/"
		reference = "https://attack.mitre.org/techniques/T1218/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /\bcertutil(\.exe)?['\"]?\s[^\n]{0,40}[-\/]urlcache\s[^\n]{0,40}https?:\/\/[^\s'\"]{4,200}['\"]?\s{1,4}['\"]?([^\n&|]{0,60}\.(exe|dll|scr|bat|cmd|ps1|vbs|js|hta|com))/i
		$b = /\bbitsadmin(\.exe)?['\"]?\s[^\n]{0,80}\/transfer\s[^\n]{0,80}https?:\/\/[^\s'\"]{4,200}['\"]?\s{1,4}['\"]?([^\n&|]{0,60}\.(exe|dll|scr|bat|cmd|ps1|vbs|js|hta|com))/i
	condition:
		filesize < 1MB and any of them
}

rule Overt_Dropper_Batch_CertutilDecode
{
	meta:
		name = "Overt.Dropper.Batch.CertutilDecode"
		description = "A script that carries a program as a certificate and decodes it"
		why = "certutil turns text into a program that was in no file before."
		reference = "https://lolbas-project.github.io/lolbas/Binaries/Certutil/"
		reference = "https://attack.mitre.org/techniques/T1140/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /\bcertutil(\.exe)?['\"]?\s[^\n]{0,20}[-\/]decode(hex)?\s[^\n]{1,120}\.(exe|dll|scr|bat|cmd|ps1|vbs|js|hta|com|msi)\b/i
		$b = /-----BEGIN CERTIFICATE-----|(echo|>>)\s?T[VU]qQ|>>/
	condition:
		filesize < 1MB and all of them
}

rule Overt_Dropper_PDF_Launch
{
	meta:
		name = "Overt.Dropper.PDF.Launch"
		description = "A PDF that starts a command interpreter when it is opened"
		why = "A document of this kind needs no programs."
		reference = "https://attack.mitre.org/techniques/T1204/002/"
		reference = "https://opensource.adobe.com/dc-acrobat-sdk-docs/pdfstandards/PDF32000_2008.pdf"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$l = /\/S\s{0,2}\/Launch\b/
		$w = /\((\\{0,2}[\w:%]{0,20}\\{1,2})?([\w\\ ]{0,60}\\)?(cmd|powershell|mshta|wscript|cscript|rundll32)(\.exe)?\)/i
		$o = /\/(OpenAction|AA)\b/
	condition:
		uint32be(0) == 0x25504446 and all of them
}

rule Overt_Dropper_RTF_EquationObject
{
	meta:
		name = "Overt.Dropper.RTF.EquationObject"
		description = "An RTF text with an equation object that opens by itself"
		why = "The old equation editor runs what such an object holds (CVE-2017-11882)."
		reference = "https://attack.mitre.org/techniques/T1203/"
		reference = "https://nvd.nist.gov/vuln/detail/CVE-2017-11882"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$e = /(4[\s]?5[\s]?7[\s]?1[\s]?7[\s]?5[\s]?6[\s]?1[\s]?7[\s]?4[\s]?6[\s]?9[\s]?6[\s]?f[\s]?6[\s]?e[\s]?2[\s]?e[\s]?3[\s]?3|02ce020000000000c000000000000046)/i
		$u = /\\obj(update|autlink)/
		$o = /\\objdata/
	condition:
		uint32be(0) == 0x7b5c7274 and all of them
}

rule Overt_Dropper_Npm_InstallScript
{
	meta:
		name = "Overt.Dropper.Npm.InstallScript"
		description = "A package whose installation fetches a script and runs it"
		why = "Runs on each machine that installs the package, before anybody looks."
		reference = "https://attack.mitre.org/techniques/T1195/002/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /\"(pre|post)?install\"\s*:\s*\"[^\"\n]{0,80}\b(curl|wget)\s[^\"\n|]{4,200}\|\s?(ba)?sh\b/
		$b = /\"(pre|post)?install\"\s*:\s*\"[^\"\n]{0,40}node\s+-e\s[^\n]{0,60}(Buffer\.from|eval|atob)\s?\(/
		$n = /\"name\"\s*:/
	condition:
		filesize < 256KB and $n and ($a or $b)
}

rule Overt_Dropper_Python_SetupDownload
{
	meta:
		name = "Overt.Dropper.Python.SetupDownload"
		description = "A Python package that runs fetched code while it is being installed"
		why = "Runs on each machine that installs the package, before anybody looks."
		reference = "https://attack.mitre.org/techniques/T1195/002/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$s = /\b(setup\s*\(|setuptools|distutils)/
		$a = /\b(exec|eval)\s*\(\s*(urllib\.request\.)?(urlopen|requests\.get|__import__\s*\(\s*['\"]requests['\"]\s*\)\.get)\s*\(/
		$b = /\b(os\.system|subprocess\.\w{3,12})\s*\(\s*\[?[^\n]{0,40}\b(curl|wget)\s[^\n|]{4,160}\|\s?(ba)?sh\b/
	condition:
		filesize < 256KB and $s and ($a or $b)
}
