# bash completion for overt; made by completions/generate.py
_overt()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words=
	local command=${COMP_WORDS[1]}
	[[ $command == db ]] && command="db ${COMP_WORDS[2]}"
	[[ $command == yara && ' check fmt dump profile ' == *" ${COMP_WORDS[2]} "* ]] && command="yara ${COMP_WORDS[2]}"
	[[ $cur == = ]] && cur=
	if [[ $prev == = ]]; then
		prev=${COMP_WORDS[COMP_CWORD-2]}
	fi
	COMPREPLY=()
	case "$command $prev" in
	'scan --alert') mapfile -t COMPREPLY < <(compgen -W 'encrypted encrypted-archive encrypted-document broken broken-media macros limits phishing-ssl phishing-cloak partitions structured all' -- "$cur"); return ;;
	'scan --format') mapfile -t COMPREPLY < <(compgen -W 'text jsonl sarif html' -- "$cur"); return ;;
	'db list --kind') mapfile -t COMPREPLY < <(compgen -W 'hash section import body logical container yara allow password magic certificate catalog address icon switch bytecode' -- "$cur"); return ;;
	'yara --format') mapfile -t COMPREPLY < <(compgen -W 'text json ndjson' -- "$cur"); return ;;
	'yara dump --format') mapfile -t COMPREPLY < <(compgen -W 'text json' -- "$cur"); return ;;
	'covered --profile') mapfile -t COMPREPLY < <(compgen -W 'us-person us-agency us-contractor us-carrier us-maker au-gov ca-gov uk-gov de-org eu-org it-gov nl-gov' -- "$cur"); return ;;
	'covered --format') mapfile -t COMPREPLY < <(compgen -W 'text json html oscal sarif cyclonedx' -- "$cur"); return ;;
	'whois --format') mapfile -t COMPREPLY < <(compgen -W 'text json' -- "$cur"); return ;;
	'migrate --format') mapfile -t COMPREPLY < <(compgen -W 'text json' -- "$cur"); return ;;
	esac
	if ((COMP_CWORD == 1)); then
		mapfile -t COMPREPLY < <(compgen -W 'scan explain db prove yara yarac clamscan inventory covered whois migrate update verify status bundle ledger source publish witness mirror monitor help --version --help' -- "$cur")
		return
	fi
	if [[ ${COMP_WORDS[1]} == help && $COMP_CWORD == 2 ]]; then
		mapfile -t COMPREPLY < <(compgen -W 'scan explain db prove yara yarac clamscan inventory covered whois migrate update verify status bundle ledger source publish witness mirror monitor' -- "$cur")
		return
	fi
	if [[ ${COMP_WORDS[1]} == db && $COMP_CWORD == 2 ]]; then
		mapfile -t COMPREPLY < <(compgen -W 'build check info list diff cost' -- "$cur")
		return
	fi
	if [[ ${COMP_WORDS[1]} == yara && $COMP_CWORD == 2 ]]; then
		mapfile -t COMPREPLY < <(compgen -W 'check fmt dump profile' -- "$cur")
		((${#COMPREPLY[@]} > 0)) && return
	fi
	case $command in
	scan) words='--database= -d --pua --pua-only= --pua-not= --strict --cache= --no-cache --jobs= -j --include= --exclude= --files-from= --null -0 --follow -L --one-file-system -x --kernel-fs --no-archives --without= --password= --password-file= --all -a --report= --detect= --alert= --heuristics-first --min-cards= --min-ssns= --max-filesize= --max-scansize= --max-files= --max-recursion= --max-ratio= --max-scantime= --format= --sha256 --verbose -v --quiet -q --no-recent --no-progress --help -h' ;;
	explain) words='--database= -d --password= --password-file= --full --json --help -h' ;;
	'db build') words='--output= -o --strict --pua --quiet -q --json --help -h' ;;
	'db check') words='--strict --json --help -h' ;;
	'db info') words='--json --help -h' ;;
	'db list') words='--name= -n --kind= -k --json --help -h' ;;
	'db diff') words='--json --help -h' ;;
	'db cost') words='--database= -d --top= -n --json --help -h' ;;
	prove) words='--json --help -h' ;;
	'yara check') words='--define= -d --json --max-strings-per-rule= --quiet -q --strict -E --help -h' ;;
	'yara fmt') words='--check --help -h' ;;
	'yara dump') words='--format= --module= -m --module-data= -x --help -h' ;;
	'yara profile') words='--compiled-rules -C --define= -d --json --top= -n --help -h' ;;
	yara) words='--atom-quality-table= --compiled-rules -C --count -c --define= -d --disable-console-logs -q --fail-on-warnings --fast-scan -f --format= --identifier= -i --max-process-memory-chunk= --max-rules= -l --max-strings-per-rule= --module-data= -x --negate -n --no-follow-symlinks -N --no-warnings -w --print-meta -m --print-module-data -D --print-namespace -e --print-stats -S --print-string-length -L --print-strings -s --print-tags -g --print-xor-key -X --recursive -r --scan-list --skip-larger= -z --stack-size= -k --strict -E --tag= -t --threads= -p --timeout= -a --version -v --help -h' ;;
	yarac) words='--atom-quality-table= --define= -d --fail-on-warnings --max-strings-per-rule= --no-warnings -w --strict -E --version -v --help -h' ;;
	clamscan) words='--help -h --version -V --verbose -v --archive-verbose -a --debug --quiet --stdout --no-summary --infected -i --suppress-ok-results -o --bell --tempdir= --leave-temps --force-to-disk --gen-json --database= -d --official-db-only --fail-if-cvd-older-than= --log= -l --recursive -r --allmatch -z --cross-fs --follow-dir-symlinks= --follow-file-symlinks= --file-list= -f --remove --move= --copy= --exclude= --exclude-dir= --include= --include-dir= --bytecode --bytecode-unsigned --bytecode-timeout= --statistics= --detect-pua --exclude-pua= --include-pua= --detect-structured --structured-ssn-format= --structured-ssn-count= --structured-cc-count= --structured-cc-mode= --scan-mail --phishing-sigs --phishing-scan-urls --heuristic-alerts --heuristic-scan-precedence --normalize --scan-pe --scan-elf --scan-ole2 --scan-pdf --scan-swf --scan-html --scan-xmldocs --scan-hwp3 --scan-onenote --scan-archive --scan-image --scan-image-fuzzy-hash --alert-broken --alert-broken-media --alert-encrypted --alert-encrypted-archive --alert-encrypted-doc --alert-macros --alert-exceeds-max --alert-phishing-ssl --alert-phishing-cloak --alert-partition-intersection --nocerts --dumpcerts --max-scantime= --max-filesize= --max-scansize= --max-files= --max-recursion= --max-dir-recursion= --max-embeddedpe= --max-htmlnormalize= --max-htmlnotags= --max-scriptnormalize= --max-ziptypercg= --max-partitions= --max-iconspe= --max-rechwp3= --pcre-match-limit= --pcre-recmatch-limit= --pcre-max-filesize= --disable-cache' ;;
	inventory) words='--root= --one-file-system -x --json --cyclonedx --spdx --help -h' ;;
	covered) words='--profile= --at= --list= --only-lists --one-file-system -x --format= --help -h' ;;
	whois) words='--format= --all --one-file-system -x --help -h' ;;
	migrate) words='--group= --settings= --format= --write= --yes= --skip= --ended= --again= --journal= --dry-run -n --wait= --key= --passphrase-file= --before= --output= -o --verifier= --profile= --at= --list= --only-lists --one-file-system -x --help -h' ;;
	update) words='--from= --folder= --root= --channel= --now --cohort= --bundle-days= --try= --sample= --no-recent --no-canary --check-history --proxy= --slow-after= --to= --config= --json --help -h' ;;
	verify) words='--folder= --json --self --attestation= --key= --help -h' ;;
	status) words='--folder= --checkpoint --json --help -h' ;;
	bundle) words='--from= --output= -o --for= --folder= --root= --channel= --now --cohort= --bundle-days= --try= --sample= --no-recent --no-canary --proxy= --config= --json --help -h' ;;
	ledger) words='--folder= --json --help -h' ;;
	source) words='--config= --folder= --now --try= --sample= --no-recent --no-canary --verbose --verify --since= --checkpoint --json --help -h' ;;
	publish) words='--output= -o --cosigner --passphrase-file= --root-version= --expires= --root-threshold= --root-key= --release-threshold= --release-key= --policy= --root= --channel= --engine= --rollout= --key= --signer= --wait= --log-key= --help -h' ;;
	witness) words='--listen= --key= --passphrase-file= --folder= --log= --logs= --help -h' ;;
	mirror) words='--listen= --key= --passphrase-file= --folder= --log= --from= --logs= --since= --every= --max-disk= --spare= --once --json --help -h' ;;
	monitor) words='--from= --root= --folder= --artifacts --signatures --head= --json --help -h' ;;
	esac
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
		[[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		compopt -o filenames
	fi
}
complete -F _overt overt
