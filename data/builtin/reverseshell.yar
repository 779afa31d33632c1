/*
 * Reverse shells: a command line handed to somebody on the network.
 *
 * Written for overt from public descriptions of techniques; Apache-2.0 as the rest. Conventions: docs/BUILTIN.md.
 */

rule Overt_ReverseShell_Bash_DevTcp
{
	meta:
		name = "Overt.ReverseShell.Bash.DevTcp"
		description = "A shell whose input and output go to a network address through /dev/tcp"
		why = "Gives whoever listens there the machine's command line."
		reference = "https://attack.mitre.org/techniques/T1059/004/"
		reference = "https://gtfobins.github.io/gtfobins/bash/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /\b(ba|z|k)?sh\s+(-\w\s+)?-i\s*(&>|>&|>)\s*\/dev\/(tcp|udp)\/[^\s\/]{1,64}\/[^\s\/]{1,12}\s*(2>&1\s*)?(0(>&|<&)\s?[012]|<&\s?1)/
	condition:
		filesize < 1MB and $a
}

rule Overt_ReverseShell_Bash_Descriptor
{
	meta:
		name = "Overt.ReverseShell.Bash.Descriptor"
		description = "A shell on a descriptor that was opened on /dev/tcp"
		why = "Gives whoever listens there the machine's command line."
		reference = "https://attack.mitre.org/techniques/T1059/004/"
		reference = "https://gtfobins.github.io/gtfobins/bash/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /exec\s+\d{1,3}<>\s?\/dev\/tcp\/[^\s\/]{1,64}\/[^\s\/;]{1,12}/
		$b = /\b(ba|z|da)?sh\s+(-i\s+)?(<&\s?\d{1,3}\s+>&\s?\d{1,3}|0?<&\d{1,3}\s+1?>&\d{1,3})|while\s+read\s+(-r\s+)?\w{1,12}\s{0,3}(0?<&\s?\d{1,3}\s{0,3})?;\s{0,3}do\s+(\$\w{1,12}|eval)\s[^\n]{0,40}>&\s?\d/
	condition:
		filesize < 1MB and all of them
}

rule Overt_ReverseShell_Netcat_Exec
{
	meta:
		name = "Overt.ReverseShell.Netcat.Exec"
		description = "netcat that connects out and hands over a shell"
		why = "Gives whoever listens there the machine's command line."
		reference = "https://attack.mitre.org/techniques/T1059/004/"
		reference = "https://gtfobins.github.io/gtfobins/nc/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /\b(nc|ncat|netcat)(\.traditional|\.exe|64\.exe)?\s+((-[a-km-oq-z]{1,3}|--ssl)\s+){0,3}(-e|-c|--exec|--sh-exec)\s*['\"]?((\/usr)?\/bin\/(ba|da|z|k|a)?sh|bash|cmd\.exe|powershell(\.exe)?)['\"]?\s+\w[\w.\-]{2,63}\s+\d{1,5}/
		$b = /\b(nc|ncat|netcat)(\.traditional|\.exe|64\.exe)?\s+((-[a-km-oq-z]{1,3}|--ssl)\s+){0,3}\w[\w.\-]{2,63}\s+\d{1,5}\s+(-e|-c|--exec|--sh-exec)\s*['\"]?((\/usr)?\/bin\/(ba|da|z|k|a)?sh|bash|cmd\.exe|powershell(\.exe)?)\b/
	condition:
		filesize < 1MB and any of them
}

rule Overt_ReverseShell_Netcat_Listener
{
	meta:
		name = "Overt.ReverseShell.Netcat.Listener"
		description = "netcat that listens and hands a shell to whoever connects"
		why = "An open door; seldom meant seriously but in manuals and tests."
		reference = "https://attack.mitre.org/techniques/T1059/004/"
		reference = "https://gtfobins.github.io/gtfobins/nc/"
		severity = "suspicious"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /\b(nc|ncat|netcat)(\.traditional|\.exe)?\s+[^|\n]{0,40}(-\w{0,3}l\w{0,3}\b|--listen)[^|\n]{0,40}\s(-\w{0,3}e|-c|--exec|--sh-exec)\s*['\"]?((\/usr)?\/bin\/(ba|da|z|k|a)?sh|bash|cmd\.exe|powershell(\.exe)?)\b/
	condition:
		filesize < 1MB and $a
}

rule Overt_ReverseShell_Pipe_Fifo
{
	meta:
		name = "Overt.ReverseShell.Pipe.Fifo"
		description = "A shell joined to a client of the network by a named pipe"
		why = "A reverse shell for systems whose netcat can't execute."
		reference = "https://attack.mitre.org/techniques/T1059/004/"
		reference = "https://gtfobins.github.io/gtfobins/nc/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /mk(fifo|nod)\s+[^\s;&|]{1,64}(\s+p)?\s*(;|&&|\|)[^\n]{0,80}\b(ba|z|da)?sh\s+(-i\s*)?(2>&1\s*)?\|\s*((nc|ncat|netcat|telnet)\s+(-[a-km-z]{1,3}\s+){0,2}\w[\w.\-]{2,63}\s+\d{1,5}|openssl\s+s_client\s[^\n]{0,60}-connect)/
	condition:
		filesize < 1MB and $a
}

rule Overt_ReverseShell_Pipe_Telnet
{
	meta:
		name = "Overt.ReverseShell.Pipe.Telnet"
		description = "A shell between two telnet clients"
		why = "A reverse shell made of the oldest tools."
		reference = "https://attack.mitre.org/techniques/T1059/004/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /\btelnet\s+\w[\w.\-]{2,63}\s+\d{1,5}\s*\|\s*(\/bin\/)?(ba|z|da)?sh\s*(2>&1\s*)?\|\s*telnet\s+\w[\w.\-]{2,63}\s+\d{1,5}/
	condition:
		filesize < 1MB and $a
}

rule Overt_ReverseShell_Python_Dup2
{
	meta:
		name = "Overt.ReverseShell.Python.Dup2"
		description = "Python that gives a shell a network connection for its input and output"
		why = "Gives whoever listens there the machine's command line."
		reference = "https://attack.mitre.org/techniques/T1059/006/"
		reference = "https://gtfobins.github.io/gtfobins/python/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /os\.dup2\s*\(\s*\w{1,16}\.fileno\s*\(\s*\)\s*,\s*(0|1|2|\w{1,3})\s*\)/
		$b = /\bsocket\.socket\s*\(|socket\.create_connection\s*\(/
		$c = /\.connect\s*\(\s*\(|create_connection\s*\(\s*\(/
		$d = /(pty\.spawn|subprocess\.(call|Popen|run)|os\.(system|execl|execv|popen))\s*\(\s*[\[\(]?\s*['"](\/bin\/|\/usr\/bin\/)?(ba|z|da)?sh\b/
	condition:
		filesize < 200KB and all of them
}

rule Overt_ReverseShell_Perl_Socket
{
	meta:
		name = "Overt.ReverseShell.Perl.Socket"
		description = "Perl that gives a shell a network connection for its input and output"
		why = "Gives whoever listens there the machine's command line."
		reference = "https://attack.mitre.org/techniques/T1059/004/"
		reference = "https://gtfobins.github.io/gtfobins/perl/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /open\s*\(?\s*STDIN\s*,\s*['"]<?>?&\s*\w{1,12}['"]/
		$b = /open\s*\(?\s*STDOUT\s*,\s*['"]>&\s*\w{1,12}['"]/
		$c = /\bconnect\s*\(|IO::Socket::INET/
		$d = /\b(exec|system)\s*[\(\{]?\s*['"](\/bin\/)?(ba|z|da)?sh\b/
	condition:
		filesize < 200KB and all of them
}

rule Overt_ReverseShell_Perl_Loop
{
	meta:
		name = "Overt.ReverseShell.Perl.Loop"
		description = "Perl that joins a network connection to standard input and runs each line"
		why = "Every line that the other side sends is a command."
		reference = "https://attack.mitre.org/techniques/T1059/004/"
		reference = "https://gtfobins.github.io/gtfobins/perl/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /IO::Socket::INET(6)?\s*\(?\s*(->\s*new\s*\()?\s*[^;\n]{0,20}PeerAddr[^;\n]{1,80};[^\n]{0,60}(STDIN|\$~)\s*->\s*fdopen\s*\([^\n]{0,80}(system|exec|`)/
	condition:
		filesize < 1MB and $a
}

rule Overt_ReverseShell_PHP_Fsockopen
{
	meta:
		name = "Overt.ReverseShell.PHP.Fsockopen"
		description = "PHP that connects out and starts a shell on the connection"
		why = "Gives whoever listens there the machine's command line."
		reference = "https://attack.mitre.org/techniques/T1059/004/"
		reference = "https://gtfobins.github.io/gtfobins/php/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /\b(fsockopen|stream_socket_client)\s*\(\s*[^;\n]{3,80}\)\s*(or[^;\n]{0,40})?;/
		$b = /\b(exec|shell_exec|system|passthru|popen|proc_open)\s*\(\s*['"]((\/usr)?\/bin\/)?(uname -a; w; id; )?(ba|z|da)?sh\s+-i\b|\$shell\s*=\s*['"][^'"\n]{0,40}\bsh\s+-i['"]/
	condition:
		filesize < 200KB and all of them
}

rule Overt_ReverseShell_Ruby_TCPSocket
{
	meta:
		name = "Overt.ReverseShell.Ruby.TCPSocket"
		description = "Ruby that runs what a network connection sends"
		why = "Gives whoever listens there the machine's command line."
		reference = "https://attack.mitre.org/techniques/T1059/004/"
		reference = "https://gtfobins.github.io/gtfobins/ruby/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /TCPSocket\.(open|new)\s*\([^)\n]{3,80}\)[^\n]{0,120}(exec\s*[\s\(]?\s*(sprintf\s*\()?\s*['\"]?(\/bin\/)?(ba)?sh\s+-i|IO\.popen\s*\(\s*cmd|exec\s*\(?\s*['\"]\/bin\/sh)/
	condition:
		filesize < 1MB and $a
}

rule Overt_ReverseShell_Socat_Exec
{
	meta:
		name = "Overt.ReverseShell.Socat.Exec"
		description = "socat that joins a shell to an outgoing connection"
		why = "Gives whoever listens there the machine's command line, with a terminal."
		reference = "https://attack.mitre.org/techniques/T1059/004/"
		reference = "https://gtfobins.github.io/gtfobins/socat/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /\bsocat\s[^\n]{0,60}\bexec:['\"]?(\/bin\/|\/usr\/bin\/)?(ba|z|da)?sh\b[^\n]{0,80}\s(tcp[46]?|openssl|udp[46]?|openssl-connect|tcp[46]?-connect):[^\s:,]{3,64}:\d{1,5}/i
		$b = /\bsocat\s[^\n]{0,40}\b(tcp[46]?|openssl|tcp[46]?-connect|openssl-connect):[^\s:,]{3,64}:\d{1,5}[^\n]{0,40}\sexec:['\"]?(\/bin\/|\/usr\/bin\/)?(ba|z|da)?sh\b/i
	condition:
		filesize < 1MB and any of them
}

rule Overt_ReverseShell_PowerShell_TcpClient
{
	meta:
		name = "Overt.ReverseShell.PowerShell.TcpClient"
		description = "PowerShell that executes what a network connection sends"
		why = "Every line that the other side sends is a command."
		reference = "https://attack.mitre.org/techniques/T1059/001/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /New-Object\s+(System\.)?Net\.Sockets\.TCPClient\s*\(/i
		$b = /\.GetStream\s*\(\s*\)/i
		$c = /\b(iex|Invoke-Expression)\b[^\n]{0,60}/i
		$d = /\.Read\s*\(\s*\$\w{1,16}\s*,\s*0\s*,/i
		$e = /\.Write\s*\(\s*\$\w{1,16}\s*,\s*0\s*,/i
	condition:
		filesize < 200KB and all of them
}

rule Overt_ReverseShell_Awk_Inet
{
	meta:
		name = "Overt.ReverseShell.Awk.Inet"
		description = "awk that runs what a network connection sends"
		why = "gawk's network files make a shell of a text tool."
		reference = "https://attack.mitre.org/techniques/T1059/004/"
		reference = "https://gtfobins.github.io/gtfobins/gawk/"
		severity = "suspicious"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /\/inet\/tcp\/0\/[^\s\/]{1,64}\/\d{1,5}[^\n]{0,200}\|&\s*getline[^\n]{0,160}(cmd|c|\w{1,8})\s*\|&?\s*getline/
	condition:
		filesize < 1MB and $a
}

rule Overt_ReverseShell_Lua_Execute
{
	meta:
		name = "Overt.ReverseShell.Lua.Execute"
		description = "Lua that starts a shell on a network connection"
		why = "Gives whoever listens there the machine's command line."
		reference = "https://attack.mitre.org/techniques/T1059/004/"
		reference = "https://gtfobins.github.io/gtfobins/lua/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /os\.execute\s*\(\s*['\"](\/bin\/)?(ba)?sh\s+-i\s*<&\s?\d\s*>&\s?\d/
		$b = /socket[^\n]{0,60}:connect\s*\([^\n]{0,120}io\.popen\s*\(\s*\w{1,8}\s*,\s*['\"]r['\"]/
	condition:
		filesize < 1MB and any of them
}

rule Overt_ReverseShell_Node_Socket
{
	meta:
		name = "Overt.ReverseShell.Node.Socket"
		description = "JavaScript that joins a shell to a network connection"
		why = "Gives whoever listens there the machine's command line."
		reference = "https://attack.mitre.org/techniques/T1059/007/"
		reference = "https://gtfobins.github.io/gtfobins/node/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /\b(spawn|exec|execFile)\s*\(\s*['"](\/bin\/|\/usr\/bin\/)?((ba|z)?sh|cmd(\.exe)?|powershell(\.exe)?)['"]/
		$b = /\b\w{1,20}\.pipe\s*\(\s*\w{1,20}\.stdin\s*\)/
		$c = /\.stdout\.pipe\s*\(\s*\w{1,20}\s*\)/
		$d = /require\s*\(\s*['"](node:)?net['"]\s*\)/
	condition:
		filesize < 200KB and all of them
}

rule Overt_ReverseShell_Linux_Shellcode64
{
	meta:
		name = "Overt.ReverseShell.Linux.Shellcode64"
		description = "Machine code that connects a socket and starts /bin/sh on it (64 bit)"
		why = "Code that needs no address of its own belongs to exploits and loaders."
		reference = "https://attack.mitre.org/techniques/T1059/004/"
		reference = "https://attack.mitre.org/techniques/T1055/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$s = { 6a 29 58 [0-2] 6a 02 5f 6a 01 5e [0-3] 0f 05 }
		$e = { 48 b? 2f 62 69 6e 2f ( 73 68 00 | 2f 73 68 ) }
		$d = { 6a 21 58 0f 05 }
	condition:
		filesize < 5MB and all of them
}

rule Overt_ReverseShell_Linux_Shellcode32
{
	meta:
		name = "Overt.ReverseShell.Linux.Shellcode32"
		description = "Machine code that starts /bin//sh from the stack (32 bit)"
		why = "Code that needs no address of its own belongs to exploits and loaders."
		reference = "https://attack.mitre.org/techniques/T1059/004/"
		reference = "https://attack.mitre.org/techniques/T1055/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$e = { 68 2f 2f 73 68 68 2f 62 69 6e 89 e3 [0-12] b0 0b cd 80 }
		$s = { ( 6a 66 58 | b0 66 ) [0-16] cd 80 }
		$d = { b0 3f cd 80 }
	condition:
		filesize < 5MB and all of them
}
