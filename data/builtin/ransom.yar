/*
 * Ransom notes, and what ransomware does besides.
 *
 * Written for overt from public descriptions of techniques; Apache-2.0 as the rest. Conventions: docs/BUILTIN.md.
 */

rule Overt_Ransom_Note_Text
{
	meta:
		name = "Overt.Ransom.Note.Text"
		description = "A note that demands money for files that were encrypted"
		why = "The file itself is harmless; that it is there means that the others are encrypted."
		reference = "https://attack.mitre.org/techniques/T1486/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$enc = /(your|all|the)\s[^\n]{0,60}(files|documents|data|network|servers?|databases|photos)[^\n]{0,60}\s(have|has|had|were|was|are|is)\s(been\s)?([^\n]{0,20}\s)?(encrypted|locked|crypted)\b/i
		$pay = /\b(bitcoins?|btc|monero|xmr)\b/i
		$key = /\b(decrypt(ion|or|er)?\s(tool|key|software|program)|decryptor|private\skey|recover(y)?\s(all\s)?(your\s)?files|restore\s(all\s)?(your\s)?(files|data))\b/i
		$con = /(\.onion\b|tor\s?browser|@(proton(mail)?|tutanota|tuta|onionmail|cock)\.\w{2,4}|\btox\s?(id|chat)?\b|\btelegram\b|e-?mail\sus|write\s(to\sus|us\s)|contact\sus)/i
		$thr = /(do\snot|don'?t|never|any\sattempt)\s[^\n]{0,40}(rename|third[\s\-]party|recover|delete|modify|shut\s?down|police|decrypt)|\b(48|72|96|24)\s(hours|h)\b|price\s(will|is)\s|personal\sid\b|unique\sid\b/i
	condition:
		filesize < 64KB and all of them
}

rule Overt_Ransom_Note_Leak
{
	meta:
		name = "Overt.Ransom.Note.Leak"
		description = "A note that threatens to publish stolen data"
		why = "Names a hidden service where the victim is to pay."
		reference = "https://attack.mitre.org/techniques/T1486/"
		reference = "https://attack.mitre.org/techniques/T1657/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$o = /\b[a-z2-7]{16,56}\.onion\b/
		$s = /\b(stolen|exfiltrat\w{2,4}|downloaded|leaked|copied)\b[^\n]{0,100}\b(data|files|documents|databases?|information)\b|\b(data|files|documents)\b[^\n]{0,80}\b(stolen|exfiltrated|downloaded|leaked)\b/i
		$p = /\b(publish|leak|sell|blog|auction|public(ly)?)\b/i
		$e = /\b(encrypted|decrypt(or|ion|er)?|ransom)\b/i
		$t = /\btor\s?browser\b|torproject/i
		$y = /\byour\s(company|network|data|files|business)\b/i
	condition:
		filesize < 64KB and all of them
}

rule Overt_Ransom_Windows_ShadowsDeleted
{
	meta:
		name = "Overt.Ransom.Windows.ShadowsDeleted"
		description = "A program or script that deletes the copies from which Windows restores files"
		why = "Files are to stay lost: what ransomware does before it encrypts."
		reference = "https://attack.mitre.org/techniques/T1490/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /[v]ssadmin(\.exe)?['"]? {1,3}(delete|resize) {1,3}shadow/ nocase ascii wide
		$b = /[w]mic(\.exe)? {1,3}shadowcopy [^\n]{0,60}delete/ nocase ascii wide
		$c = /[r]ecoveryenabled {1,3}no\b/ nocase ascii wide
		$d = /[w]badmin(\.exe)? {1,3}delete {1,3}(catalog|systemstate)/ nocase ascii wide
		$e = /[b]ootstatuspolicy {1,3}ignoreallfailures/ nocase ascii wide
	condition:
		filesize < 10MB and 2 of them
}

rule Overt_Ransom_Linux_ESXi
{
	meta:
		name = "Overt.Ransom.Linux.ESXi"
		description = "A program or script that ends virtual machines and encrypts their disks"
		why = "Aims at servers of virtual machines: one file is one machine."
		reference = "https://attack.mitre.org/techniques/T1486/"
		reference = "https://attack.mitre.org/techniques/T1489/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$k = /[v]m\s+process\s+kill|[v]im-cmd\s+vmsvc\/power\.off/
		$d = /\.[v]mdk\b/
		$e = /\.[v]mem\b|\.[v]mx\b|\.[v]msn\b|\.[v]swp\b/
		$n = /[e]ncrypt/i
		$r = /\b(README|RECOVER|HOW[ _\-]TO|RESTORE|ransom|[d]ecrypt)\b/i
	condition:
		filesize < 10MB and all of them
}

rule Overt_Ransom_Script_FileLoop
{
	meta:
		name = "Overt.Ransom.Script.FileLoop"
		description = "A script that encrypts files one after another and removes the originals"
		why = "Encrypts with tools of the system; the key goes elsewhere."
		reference = "https://attack.mitre.org/techniques/T1486/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /\b(for|while|find)\b[^\n]{0,200}\n?[^\n]{0,120}\bopenssl\s+(enc\s+)?-?(aes-256-\w{3}|aes256|rsautl|chacha20)[^\n]{0,160}-in\s+['"]?[$\{]/
		$b = /\bgpg\s[^\n]{0,80}(--symmetric|-c|--encrypt|-e|-r)\s[^\n]{0,60}['"]?[$\{]/
		$f = /\bfind\s+(\/|\$HOME|~|\/home|\/var|\/root)[^\n]{0,160}\.(docx?|xlsx?|pdf|jpe?g|sql|mdb|txt|zip)/
		$r = /\b(shred|rm)\s+(-\w{1,4}\s+){0,2}['"]?[$\{]/
		$n = /(\.(locked|enc|encrypted|crypt)\b|README|RANSOM|bitcoin|\bbtc\b)/i
	condition:
		filesize < 256KB and $f and $r and $n and ($a or $b)
}
