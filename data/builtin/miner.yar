/*
 * Miners of cryptocurrency, and what brings them.
 *
 * Written for overt from public descriptions of techniques; Apache-2.0 as the rest. Conventions: docs/BUILTIN.md.
 */

rule Overt_Miner_Linux_Program
{
	meta:
		name = "Overt.Miner.Linux.Program"
		description = "A Linux program that mines cryptocurrency"
		why = "Mining takes the machine's time and power; on machines that nobody set up for it, an intruder did."
		reference = "https://attack.mitre.org/techniques/T1496/"
		severity = "unwanted"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /[s]tratum\+(tcp|ssl):\/\//
		$b = /[d]onate-level|[c]ryptonight|[r]andomx_|[m]ining\.subscribe/
		$c = /[m]ining\.submit|[m]ining\.notify|[h]ashrate|[n]icehash/
	condition:
		uint32(0) == 0x464c457f and filesize < 40MB and all of them
}

rule Overt_Miner_Windows_Program
{
	meta:
		name = "Overt.Miner.Windows.Program"
		description = "A Windows program that mines cryptocurrency"
		why = "Mining takes the machine's time and power; on machines that nobody set up for it, an intruder did."
		reference = "https://attack.mitre.org/techniques/T1496/"
		severity = "unwanted"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /[s]tratum\+(tcp|ssl):\/\//
		$b = /[d]onate-level|[c]ryptonight|[r]andomx_|[m]ining\.subscribe/
		$c = /[m]ining\.submit|[m]ining\.notify|[h]ashrate|[n]icehash/
	condition:
		uint16(0) == 0x5a4d and filesize < 40MB and all of them
}

rule Overt_Miner_Config
{
	meta:
		name = "Overt.Miner.Config"
		description = "Settings of a miner with a pool and a wallet"
		why = "Tells who is paid; found where a miner runs."
		reference = "https://attack.mitre.org/techniques/T1496/"
		severity = "unwanted"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /"[d]onate-level"\s*:/
		$b = /"pools"\s*:\s*\[/
		$c = /"url"\s*:\s*"[^"]{3,120}:\d{2,5}"/
		$d = /"user"\s*:\s*"[48][0-9A-Za-z]{94}/
	condition:
		filesize < 256KB and $b and $c and ($a or $d)
}

rule Overt_Miner_Script_Start
{
	meta:
		name = "Overt.Miner.Script.Start"
		description = "A script that starts a miner for a pool"
		why = "The command line of mining, with a pool and a wallet."
		reference = "https://attack.mitre.org/techniques/T1496/"
		severity = "unwanted"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /(-o|--url|-url|--pool)[\s=]+['\"]?([s]tratum\+(tcp|ssl):\/\/|[\w.\-]{1,64}(pool|mine|mining|monero)[\w.\-]{0,64}:)[^\s'\"]{1,80}['\"]?\s[^\n]{0,60}(-u|--user|-user|--wallet)[\s=]+['\"]?[\w.\-]{4,}/
	condition:
		filesize < 1MB and $a
}

rule Overt_Miner_Dropper_KillsRivals
{
	meta:
		name = "Overt.Miner.Dropper.KillsRivals"
		description = "A script that ends other people's miners before it fetches its own"
		why = "Intruders clear the machine of rivals; administrators end one program, not a list of them."
		reference = "https://attack.mitre.org/techniques/T1496/"
		reference = "https://attack.mitre.org/techniques/T1489/"
		severity = "malware"
		author = "overt"
		date = "2026-11-22"
	strings:
		$k1 = /\bp?kill(all)?\s[^\n]{0,60}[x]mrig/
		$k2 = /\bp?kill(all)?\s[^\n]{0,60}[m]inerd/
		$k3 = /\bp?kill(all)?\s[^\n]{0,60}[k]devtmpfsi/
		$k4 = /\bp?kill(all)?\s[^\n]{0,60}[k]insing/
		$k5 = /\bp?kill(all)?\s[^\n]{0,60}[c]ryptonight/
		$k6 = /(grep|awk)\s[^\n]{0,60}([s]tratum|[m]onero|[c]ryptonight|:3333|:14444)[^\n]{0,80}\bkill\s+-9/
		$k7 = /\bp?kill(all)?\s[^\n]{0,60}[w]atch(bog|dogs)\b/
		$d = /\b(curl|wget|lwp-download)\s/
	condition:
		filesize < 1MB and $d and 2 of ($k*)
}

rule Overt_Miner_Web_Library
{
	meta:
		name = "Overt.Miner.Web.Library"
		description = "A page that makes its visitors mine"
		why = "The visitors' machines work for the page's owner, mostly without being asked."
		reference = "https://attack.mitre.org/techniques/T1496/"
		severity = "unwanted"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /new\s+([C]oinHive|[C]ryptoLoot|[C]oinImp|[D]eepMiner|[C]ryptoNoter|[C]lient)\.(Anonymous|User|Token)\s*\(\s*['\"][\w\-]{8,}/
		$b = /([c]oinhive|[c]rypto-loot|[c]oin-have|[w]ebminepool|[m]inero)(\.min)?\.(js|com\/lib|pw)/
	condition:
		filesize < 1MB and ($a or $b and uint8(0) == 0x3c)
}

rule Overt_Miner_Web_Wasm
{
	meta:
		name = "Overt.Miner.Web.Wasm"
		description = "A script that mines with WebAssembly over a socket"
		why = "The visitors' machines work for the page's owner, mostly without being asked."
		reference = "https://attack.mitre.org/techniques/T1496/"
		severity = "unwanted"
		author = "overt"
		date = "2026-11-22"
	strings:
		$a = /[c]ryptonight|[c]n_hash|[r]andomx/i
		$b = /new\s+WebSocket\s*\(/
		$c = /WebAssembly\s*\.\s*instantiate|wasmBinary/
		$d = /['\"](job|submit|login|subscribe)['\"]/
		$e = /['\"]?(nonce|job_id|target)['\"]?\s*:/
	condition:
		filesize < 3MB and all of them
}
