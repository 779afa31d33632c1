/*
 * Phishing kits and pages.
 *
 * Written for overt from public descriptions of techniques; Apache-2.0 as the rest. Conventions: docs/BUILTIN.md.
 */

rule Overt_Phishing_Kit_MailForm
{
	meta:
		name = "Overt.Phishing.Kit.MailForm"
		description = "PHP that mails passwords typed into a page to a stranger and leads on to the true page"
		why = "The back end of a faked log-in page."
		reference = "https://attack.mitre.org/techniques/T1566/002/"
		reference = "https://attack.mitre.org/techniques/T1056/003/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$p = /\$_(POST|REQUEST)\s*\[\s*['\"]?[\w\-]{0,12}(pass(wd|word|wort)?|pwd|pswd|senha|clave|pin|otp|cvv)[\w\-]{0,8}['\"]?\s*\]/i
		$m = /\bmail\s*\(\s*\$/i
		$a = /(REMOTE_ADDR|HTTP_CLIENT_IP|HTTP_X_FORWARDED_FOR)/
		$h = /header\s*\(\s*['"]Location:\s?(https?:|\$|['"]|\.{0,2}\/|[\w\-]{1,20}\.(php|html?))|window\.location/i
		$t = /\$(message|msg|bilsmg|data|body|result|yagmai|html)\w{0,8}\s*\.?=\s*['"][^\n]{0,60}(pass(word|wd)?|pwd|senha|pin|otp|cvv)\s{0,8}[:=|>\-]/i
		$g = /<\?php|<\?\s/
	condition:
		filesize < 200KB and all of them
}

rule Overt_Phishing_Kit_ChatSend
{
	meta:
		name = "Overt.Phishing.Kit.ChatSend"
		description = "PHP that sends passwords typed into a page to a chat"
		why = "The back end of a faked log-in page."
		reference = "https://attack.mitre.org/techniques/T1566/002/"
		reference = "https://attack.mitre.org/techniques/T1567/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$p = /\$_(POST|REQUEST)\s*\[\s*['\"]?[\w\-]{0,12}(pass(wd|word|wort)?|pwd|pswd|senha|clave|pin|otp|cvv)[\w\-]{0,8}['\"]?\s*\]/i
		$x = /api\.telegram\.org\/bot|discord(app)?\.com\/api\/webhooks\//
		$g = /<\?php|<\?\s/
	condition:
		filesize < 200KB and all of them
}

rule Overt_Phishing_Page_ChatSend
{
	meta:
		name = "Overt.Phishing.Page.ChatSend"
		description = "A page with a password field that sends what is typed to a chat"
		why = "A faked log-in page that needs no server."
		reference = "https://attack.mitre.org/techniques/T1566/001/"
		reference = "https://attack.mitre.org/techniques/T1567/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$p = /type\s*=\s*\\?['\"]?password\b/i
		$x = /api\.telegram\.org\/bot|discord(app)?\.com\/api\/webhooks\//
		$s = /\bfetch\s*\(|\$\.(ajax|post|get)\s*\(|XMLHttpRequest|axios/
		$h = /<(form|input|html)/i
	condition:
		filesize < 3MB and all of them
}

rule Overt_Phishing_Kit_CrawlerBlock
{
	meta:
		name = "Overt.Phishing.Kit.CrawlerBlock"
		description = "PHP that turns away those who look for faked pages"
		why = "Lists of those who warn others have one purpose."
		reference = "https://attack.mitre.org/techniques/T1566/002/"
		reference = "https://attack.mitre.org/techniques/T1480/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$k1 = /[p]hishtank/i
		$k2 = /[n]etcraft/i
		$k3 = /[k]aspersky|[b]itdefender|[a]vira\b/i
		$k4 = /[f]ortinet|[m]cafee|[t]rendmicro|[s]ophos/i
		$k5 = /[s]pamhaus|[p]aypal\.com|[c]yveillance|[m]essagelabs/i
		$k6 = /[g]ooglebot|[c]alyxinstitute|[t]or-exit/i
		$g = /<\?php|<\?\s/
		$r = /gethostbyaddr\s*\(|HTTP_USER_AGENT|REMOTE_ADDR/
		$x = /404 Not Found|\bdie\s*\(|\bexit\s*[\(;]|header\s*\(/
	condition:
		filesize < 512KB and $g and $r and $x and $k1 and $k2 and 2 of ($k3,$k4,$k5,$k6)
}

rule Overt_Phishing_Page_PrefilledLogin
{
	meta:
		name = "Overt.Phishing.Page.PrefilledLogin"
		description = "A page outside of any site that asks for the password of a given address"
		why = "Attachments that ask for a password; log-in pages live at their sites."
		reference = "https://attack.mitre.org/techniques/T1566/001/"
		reference = "https://attack.mitre.org/techniques/T1056/003/"
		severity = "suspicious"
		author = "overt"
		date = "2026-11-22"
	strings:
		$p = /<input[^>\n]{0,120}type\s*=\s*['\"]?password\b/i
		$v = /value\s*=\s*['\"][\w.+\-]{1,40}@[\w\-]{1,40}\.[a-z.]{2,16}['\"]/i
		$f = /(action\s*=\s*['\"]|url\s*:\s*['\"]|open\s*\(\s*['\"]POST['\"]\s*,\s*['\"])https?:\/\/[^\s'\"]{4,120}\.php\b/i
	condition:
		filesize < 3MB and all of them
}
