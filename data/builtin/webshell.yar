/*
 * Web shells: pages that let whoever asks run commands or code on the server.
 *
 * Written for overt from public descriptions of techniques; Apache-2.0 as the rest. Conventions: docs/BUILTIN.md.
 */

rule Overt_WebShell_PHP_EvalInput
{
	meta:
		name = "Overt.WebShell.PHP.EvalInput"
		description = "PHP that runs code taken from the request"
		why = "What a visitor sends is executed as code: a one-line web shell."
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$php = /<\?(php|=|\s)/i
		$a = /\b(eval|assert)\s*\(\s*(stripslashes\s*\(\s*|trim\s*\(\s*|urldecode\s*\(\s*)?@?\$_(GET|POST|REQUEST|COOKIE|SERVER|FILES)\s*\[/i
	condition:
		filesize < 1MB and $php and $a
}

rule Overt_WebShell_PHP_EvalDecodedInput
{
	meta:
		name = "Overt.WebShell.PHP.EvalDecodedInput"
		description = "PHP that decodes a part of the request and runs it"
		why = "Decoding before execution hides commands from request filters; no application needs it."
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$php = /<\?(php|=|\s)/i
		$a = /\b(eval|assert)\s*\(\s*(@?(base64_decode|gzinflate|gzuncompress|gzdecode|str_rot13|strrev|hex2bin|convert_uudecode)\s*\(\s*){1,3}@?\$_(GET|POST|REQUEST|COOKIE|SERVER|FILES)\s*\[/i
	condition:
		filesize < 1MB and $php and $a
}

rule Overt_WebShell_PHP_SystemInput
{
	meta:
		name = "Overt.WebShell.PHP.SystemInput"
		description = "PHP that gives a part of the request to the system's shell"
		why = "A visitor chooses the command line: remote command execution by design."
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		reference = "https://attack.mitre.org/techniques/T1059/004/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$php = /<\?(php|=|\s)/i
		$a = /\b(system|shell_exec|passthru|popen|proc_open|pcntl_exec|exec)\s*\(\s*(stripslashes\s*\(\s*|urldecode\s*\(\s*)?@?\$_(GET|POST|REQUEST|COOKIE|SERVER|FILES)\s*\[/i
	condition:
		filesize < 1MB and $php and $a
}

rule Overt_WebShell_PHP_BackticksInput
{
	meta:
		name = "Overt.WebShell.PHP.BackticksInput"
		description = "PHP that puts a part of the request between backticks"
		why = "Backticks run their content in a shell: a web shell that names no function."
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$php = /<\?(php|=|\s)/i
		$a = /(echo|print|=|<\?=|\()\s*`\s*(\{\s*)?\$_(GET|POST|REQUEST|COOKIE|SERVER|FILES)\s*\[[^`\n]{1,60}`/i
	condition:
		filesize < 1MB and $php and $a
}

rule Overt_WebShell_PHP_VariableFunction
{
	meta:
		name = "Overt.WebShell.PHP.VariableFunction"
		description = "PHP that calls a function whose name comes from the request"
		why = "Name and arguments both come from the visitor: any function can be run."
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$php = /<\?(php|=|\s)/i
		$a = /[;{}@=\s>]\$_(GET|POST|REQUEST|COOKIE|SERVER|FILES)\s*\[[^\]\n]{1,40}\]\s*\(\s*@?\$_(GET|POST|REQUEST|COOKIE|SERVER|FILES)\s*\[/i
	condition:
		filesize < 1MB and $php and $a
}

rule Overt_WebShell_PHP_CallbackInput
{
	meta:
		name = "Overt.WebShell.PHP.CallbackInput"
		description = "PHP that passes a part of the request as a callback"
		why = "array_map and kin call what they are given: code execution without an eval."
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$php = /<\?(php|=|\s)/i
		$a = /\b(call_user_func|call_user_func_array|array_map|array_filter|usort|uasort|uksort|register_shutdown_function|create_function)\s*\(\s*(['\"][^'\"]{0,20}['\"]\s*,\s*)?@?\$_(GET|POST|REQUEST|COOKIE|SERVER|FILES)\s*\[/i
	condition:
		filesize < 1MB and $php and $a
}

rule Overt_WebShell_PHP_PregReplaceEval
{
	meta:
		name = "Overt.WebShell.PHP.PregReplaceEval"
		description = "PHP that lets preg_replace execute what it replaces with"
		why = "The modifier e executes the replacement; with input it is a shell that old PHP accepts."
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$php = /<\?(php|=|\s)/i
		$a = /\bpreg_replace\s*\(\s*['\"]([^'\"\n]){1,40}[\/#~|][imsuxADU]{0,5}e[imsuxADU]{0,5}['\"]\s*,\s*(@?\$_(GET|POST|REQUEST|COOKIE|SERVER|FILES)|['\"]?(eval|assert|@?base64_decode|\\x65\\x76\\x61\\x6c))/i
	condition:
		filesize < 1MB and $php and $a
}

rule Overt_WebShell_PHP_FileWriteInput
{
	meta:
		name = "Overt.WebShell.PHP.FileWriteInput"
		description = "PHP that writes a file whose name and content come from the request"
		why = "An uploader without a check: the next stage of an intrusion comes through it."
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		reference = "https://attack.mitre.org/techniques/T1105/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$php = /<\?(php|=|\s)/i
		$a = /\b(file_put_contents|fwrite|fputs)\s*\(\s*(@?fopen\s*\(\s*)?@?\$_(GET|POST|REQUEST|COOKIE|SERVER|FILES)\s*\[[^;\n]{1,80},[^;\n]{0,60}\$_(GET|POST|REQUEST|COOKIE)\s*\[/i
	condition:
		filesize < 1MB and $php and $a
}

rule Overt_WebShell_PHP_InImage
{
	meta:
		name = "Overt.WebShell.PHP.InImage"
		description = "A picture that holds PHP which runs code"
		why = "Uploads that check only the first bytes let it in; a wrong handler then runs it."
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		reference = "https://attack.mitre.org/techniques/T1027/009/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$php = /<\?(php|=)/i
		$a = /\b(eval|assert|system|shell_exec|passthru|base64_decode|gzinflate)\s*\(\s*@?(\$|base64_decode|gzinflate)/i
	condition:
		(uint32be(0) == 0x47494638 or uint32be(0) == 0x89504e47 or uint16be(0) == 0xffd8 or uint16be(0) == 0x424d) and
		filesize < 5MB and
		$php and
		$a
}

rule Overt_WebShell_PHP_PackedCode
{
	meta:
		name = "Overt.WebShell.PHP.PackedCode"
		description = "PHP that unpacks its own code and runs it"
		why = "Nested decoders around eval hide what a file does; some commercial products do it as well."
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		reference = "https://attack.mitre.org/techniques/T1027/"
		severity = "suspicious"
		author = "overt"
		date = "2026-11-22"
	strings:
		$php = /<\?(php|=|\s)/i
		$a = /\b(eval|assert)\s*\(\s*@?(gzinflate|gzuncompress|gzdecode|str_rot13|strrev|base64_decode)\s*\(\s*@?(base64_decode|str_rot13|strrev|gzinflate|gzuncompress|convert_uudecode)\s*\(/i
	condition:
		filesize < 1MB and $php and $a
}

rule Overt_WebShell_PHP_ChrAssembly
{
	meta:
		name = "Overt.WebShell.PHP.ChrAssembly"
		description = "PHP that puts a function's name together from single characters and calls it"
		why = "Names built from numbers escape searches for them."
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		reference = "https://attack.mitre.org/techniques/T1027/010/"
		severity = "suspicious"
		author = "overt"
		date = "2026-11-22"
	strings:
		$php = /<\?(php|=|\s)/i
		$a = /(chr\((0x[0-9a-f]{2}|[0-9]{2,3})\)\s*\.\s*){5,}/i
		$b = /(\$\w{1,20}\s*\(\s*@?\$|eval\s*\(|assert\s*\()/i
	condition:
		filesize < 1MB and $php and $a and $b
}

rule Overt_WebShell_PHP_EscapedNames
{
	meta:
		name = "Overt.WebShell.PHP.EscapedNames"
		description = "PHP whose dangerous function names are written as escapes"
		why = "Hexadecimal escapes of eval, assert or base64_decode have no purpose but hiding."
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		reference = "https://attack.mitre.org/techniques/T1027/010/"
		severity = "suspicious"
		author = "overt"
		date = "2026-11-22"
	strings:
		$php = /<\?(php|=|\s)/i
		$a = /(\\x65\\x76\\x61\\x6c|\\x61\\x73\\x73\\x65\\x72\\x74|\\x62\\x61\\x73\\x65\\x36\\x34|\\145\\166\\141\\154|\\x73\\x79\\x73\\x74\\x65\\x6d)/i
	condition:
		filesize < 1MB and $php and $a
}

rule Overt_WebShell_PHP_PasswordGate
{
	meta:
		name = "Overt.WebShell.PHP.PasswordGate"
		description = "PHP that runs what the request holds once a digest of its password fits"
		why = "Attackers keep a shell to themselves with a digest in the file; applications keep passwords in databases."
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$php = /<\?(php|=|\s)/i
		$a = /\b(md5|sha1|hash)\s*\(\s*(['\"]\w{2,10}['\"]\s*,\s*)?@?\$_(GET|POST|REQUEST|COOKIE|SERVER|FILES)\s*\[[^\]\n]{1,40}\]\s*\)\s*(\)\s*)?[!=]={1,2}\s*['\"][0-9a-f]{32,64}['\"]/i
		$b = /\b(eval|assert|system|shell_exec|passthru|popen|proc_open|exec|move_uploaded_file)\s*\(\s*(base64_decode\s*\(\s*)?@?\$/i
	condition:
		filesize < 1MB and all of them
}

rule Overt_WebShell_PHP_ControlPanel
{
	meta:
		name = "Overt.WebShell.PHP.ControlPanel"
		description = "A PHP page that tells of the system, runs commands and takes uploads"
		why = "These together make a remote control; administration tools seldom have all of them in one file."
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		severity = "suspicious"
		author = "overt"
		date = "2026-11-22"
	strings:
		$php = /<\?(php|=|\s)/i
		$a1 = /\bphp_uname\s*\(/i
		$a2 = /\bposix_getpwuid\s*\(/i
		$a3 = /ini_get\s*\(\s*['"](disable_functions|safe_mode|open_basedir)['"]/i
		$a4 = /\bmove_uploaded_file\s*\(|copy\s*\(\s*\$_FILES/i
		$a5 = /\b(shell_exec|passthru|proc_open|popen)\s*\(\s*\$/i
		$a6 = /name\s*=\s*\\?['"]?(cmd|command|ccmd|execute)\b/i
		$a7 = /\bfileperms\s*\(/i
	condition:
		filesize < 1MB and $php and 5 of ($a*)
}

rule Overt_WebShell_Htaccess_HandlerForPictures
{
	meta:
		name = "Overt.WebShell.Htaccess.HandlerForPictures"
		description = "Server settings that let pictures or texts run as PHP"
		why = "Uploaded files of harmless kinds become programs."
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		reference = "https://httpd.apache.org/docs/2.4/mod/mod_mime.html"
		severity = "suspicious"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /(AddType|AddHandler)\s+(application\/x-httpd-php\d{0,2}|php\d?-script)\s[^\n]{0,40}\.(jpe?g|png|gif|ico|txt|css)\b/i
		$b = /<FilesMatch\s+[^\n>]{0,40}\.?\(?(jpe?g|png|gif|ico|txt)\b[^\n>]{0,30}>\s{0,20}SetHandler\s+application\/x-httpd-php/i
	condition:
		filesize < 64KB and any of them
}

rule Overt_WebShell_JSP_RuntimeInput
{
	meta:
		name = "Overt.WebShell.JSP.RuntimeInput"
		description = "A JSP page that runs a command taken from the request"
		why = "A visitor chooses the command line of the server."
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		reference = "https://attack.mitre.org/techniques/T1059/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /getRuntime\s*\(\s*\)\s*\.\s*exec\s*\([^;\n]{0,100}request\s*\.\s*get(Parameter|Header)\s*\(/
		$p = /<(%|jsp:)/
	condition:
		filesize < 1MB and all of them
}

rule Overt_WebShell_JSP_ProcessBuilderInput
{
	meta:
		name = "Overt.WebShell.JSP.ProcessBuilderInput"
		description = "A JSP page that builds a process from the request"
		why = "The same as an exec of the request, by the other class."
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /new\s+(java\.lang\.)?ProcessBuilder\s*\([^;\n]{0,120}request\s*\.\s*get(Parameter|Header)\s*\(/
		$p = /<(%|jsp:)/
	condition:
		filesize < 1MB and all of them
}

rule Overt_WebShell_JSP_ClassFromRequest
{
	meta:
		name = "Overt.WebShell.JSP.ClassFromRequest"
		description = "A JSP page that loads a Java class sent with the request"
		why = "Code arrives encrypted in each request and leaves no file: a memory web shell."
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		reference = "https://attack.mitre.org/techniques/T1620/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$p = /<(%|jsp:)/
		$a = /extends\s+ClassLoader/
		$b = /\bdefineClass\s*\(/
		$c = /request\s*\.\s*(getReader|getInputStream|getParameter)\s*\(/
		$d = /(Cipher\s*\.\s*getInstance|BASE64Decoder|Base64\s*\.\s*getDecoder|decodeBuffer)/
	condition:
		filesize < 1MB and all of them
}

rule Overt_WebShell_ASP_EvalRequest
{
	meta:
		name = "Overt.WebShell.ASP.EvalRequest"
		description = "An ASP page that runs code taken from the request"
		why = "The shortest web shell for IIS: one line that executes a form field."
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$p = /<(%|script)/i
		$a = /\b(eval|execute|executeglobal)\s*\(?\s*request\s*(\.\s*(form|item|querystring)\s*)?\(\s*['\"]/i
	condition:
		filesize < 1MB and all of them
}

rule Overt_WebShell_ASPX_EvalUnsafe
{
	meta:
		name = "Overt.WebShell.ASPX.EvalUnsafe"
		description = "An ASP.NET page that evaluates request fields as JScript"
		why = "JScript.NET's eval with the word unsafe gives the request full rights."
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /\beval\s*\(\s*(System\.Text\.Encoding\.\w{1,20}\.GetString\s*\([^\n]{0,60})?Request\s*(\.\s*(Item|Form|QueryString|Params)\s*)?\[[^\]\n]{1,60}\][^\n;]{0,40},\s*['\"]unsafe['\"]/i
	condition:
		filesize < 1MB and $a
}

rule Overt_WebShell_ASPX_ProcessInput
{
	meta:
		name = "Overt.WebShell.ASPX.ProcessInput"
		description = "An ASP.NET page that gives request text to cmd.exe"
		why = "A remote command line on a web server."
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		reference = "https://attack.mitre.org/techniques/T1059/003/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$p = /<%@\s*(Page|WebHandler|WebService)\b/i
		$a = /\bProcess(StartInfo)?\b/
		$b = /cmd\.exe|powershell\.exe/i
		$c = /(Arguments\s*=|ProcessStartInfo\s*\(|Process\.Start\s*\()[^;\n]{0,80}(Request\s*(\.\s*(Item|Form|QueryString|Params)\s*)?\[|\.Text\b)/i
	condition:
		filesize < 1MB and all of them
}

rule Overt_WebShell_ASPX_AssemblyFromRequest
{
	meta:
		name = "Overt.WebShell.ASPX.AssemblyFromRequest"
		description = "An ASP.NET page that loads a program sent with the request"
		why = "Code arrives in the request and is run in memory."
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		reference = "https://attack.mitre.org/techniques/T1620/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$p = /<%@\s*(Page|WebHandler|WebService)\b/i
		$a = /Assembly[^\n]{0,20}\.\s*Load\b|\.\s*Load\s*\(/
		$b = /Request\s*\.\s*(BinaryRead|InputStream)|FromBase64String\s*\(\s*(Context\.)?Request\s*[\[.]/i
		$c = /CreateInstance\s*\(/
		$d = /(RijndaelManaged|CreateDecryptor|FromBase64String)/
	condition:
		filesize < 1MB and all of them
}

rule Overt_WebShell_ASP_ShellRequest
{
	meta:
		name = "Overt.WebShell.ASP.ShellRequest"
		description = "A classic ASP page that runs commands of the request"
		why = "WScript.Shell on a web server, fed by the visitor."
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		reference = "https://attack.mitre.org/techniques/T1059/005/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /CreateObject\s*\(\s*['\"]WScript\.Shell['\"]/i
		$b = /\.\s*(exec|run)\s*\(?\s*[^\n]{0,60}request\s*(\.\s*(form|item|querystring)\s*)?\(/i
		$p = /<(%|script)/i
	condition:
		filesize < 1MB and all of them
}

rule Overt_WebShell_Python_Request
{
	meta:
		name = "Overt.WebShell.Python.Request"
		description = "A Python web page that runs commands of the request"
		why = "A visitor chooses the command line of the server."
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /\b(os\.(popen|system)|subprocess\.(Popen|call|run|check_output|getoutput))\s*\(\s*(form|fs|flask\.request|request|self\.get_argument)(\.(args|form|values|GET|POST|get_json\(\)))?\s*(\[|\(|\.get(value|first)?\s*\()/
	condition:
		filesize < 1MB and $a
}

rule Overt_WebShell_Perl_Parameter
{
	meta:
		name = "Overt.WebShell.Perl.Parameter"
		description = "A Perl CGI that runs commands of the request"
		why = "A visitor chooses the command line of the server."
		reference = "https://attack.mitre.org/techniques/T1505/003/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /\b(system|exec|eval)\s*[\(\{]?\s*(\$\w{1,10}\s*->\s*)?param\s*\(\s*['\"]/
		$b = /(qx\s*[\({\/]|`)\s*\$?\{?(\\?\$\w{1,10}\s*->\s*)?param\s*\(\s*['\"]/
		$p = /\buse\s+CGI\b|^#![^\n]{0,40}perl/
	condition:
		filesize < 1MB and $p and ($a or $b)
}
