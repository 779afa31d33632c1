#!/usr/bin/env python3
"""Completions for bash, zsh and fish from what the program says of itself.

  completions/generate.py PROGRAM          rewrite overt.bash, _overt and overt.fish beside this script
  completions/generate.py PROGRAM --check  0 when they are what would be written

Each command's --help comes from the table that its parser reads, so completions can't know other options than it does.
"""
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
OPTION = re.compile(r"^  (?:-(?P<letter>.), |    )--(?P<name>[a-z0-9-]+)(?P<yesno>\[=yes\|no\])?(?:=(?P<value>\S+))?(?:\s+(?P<help>.*))?$")
LISTS = {"FORM": True, "KIND": True, "WHO": False}  # values that are words; whether each option's help must list them
LISTED = re.compile(r"\b[a-z0-9-]+(?:, [a-z0-9-]+)*,? or [a-z0-9-]+")
FOLDERS = {"DIR"}
FILES = {"FILE", "SOURCE", "OUT.odb"}


def choices(value, text):
    """The words that an option takes, as its help lists them ("text, json or html"); None: anything."""
    listed = LISTED.search(re.sub(r" \([^)]*\)", "", text)) if value in LISTS else None
    if listed:
        return " ".join(re.split(r",? or |, ", listed[0]))
    if LISTS.get(value):
        sys.exit(f"generate.py: help that lists no {value}: {text}")
    return None


def ask(program, *args):
    return subprocess.run([program, *args], capture_output=True, text=True, check=True).stdout


def options(program, *command):
    """[(letter, name, value or None, help)] of one command."""
    found = []
    for line in ask(program, *command, "--help").splitlines():
        m = OPTION.match(line)
        if m:
            found.append([m["letter"], m["name"], "yes|no" if m["yesno"] else m["value"], m["help"] or "", bool(m["yesno"])])
        elif re.match(r"^ {30}\S", line) and found:
            found[-1][3] = (found[-1][3] + " " + line.strip()).strip()
    return found


def commands(program, *head):
    """[(name, summary)] of `overt help` or `overt db --help`."""
    prefix = "  " + "".join(h + " " for h in head)
    text = ask(program, *head, "--help")
    rows = re.findall("^" + re.escape(prefix) + r"([a-z]+) {2,}(\S.*)$", text, re.M)
    return [(n, s) for n, s in rows if n != "overt"]


def gather(program):
    table = {}
    for name, summary in commands(program):
        subs = commands(program, name) if name in ("db", "yara") else []
        table[name] = (summary, [] if name == "db" else options(program, name),
                       {s: (what, options(program, name, s)) for s, what in subs})
    return table


def bash_words(opts):
    words = []
    for letter, name, value, _, yesno in opts:
        words.append(f"--{name}" + ("=" if value and not yesno else ""))
        if letter:
            words.append(f"-{letter}")
    return " ".join(words)


def bash(table):
    out = ["# bash completion for overt; made by completions/generate.py", "_overt()", "{",
           "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words=",
           "\tlocal command=${COMP_WORDS[1]}", "\t[[ $command == db ]] && command=\"db ${COMP_WORDS[2]}\"",
           "\t[[ $command == yara && ' check fmt dump profile ' == *\" ${COMP_WORDS[2]} \"* ]] && command=\"yara ${COMP_WORDS[2]}\"",
           "\t[[ $cur == = ]] && cur=", "\tif [[ $prev == = ]]; then", "\t\tprev=${COMP_WORDS[COMP_CWORD-2]}", "\tfi",
           "\tCOMPREPLY=()", "\tcase \"$command $prev\" in"]
    for name, (_, opts, subs) in table.items():
        for key, o in [(name, opts)] + [(f"{name} {s}", so) for s, (_, so) in subs.items()]:
            out += [f"\t'{key} --{option}') mapfile -t COMPREPLY < <(compgen -W '{choices(value, text)}' -- \"$cur\"); return ;;"
                    for _, option, value, text, _ in o if choices(value, text)]
    out += ["\tesac", "\tif ((COMP_CWORD == 1)); then",
            f"\t\tmapfile -t COMPREPLY < <(compgen -W '{' '.join(table)} help --version --help' -- \"$cur\")", "\t\treturn", "\tfi",
            "\tif [[ ${COMP_WORDS[1]} == help && $COMP_CWORD == 2 ]]; then",
            f"\t\tmapfile -t COMPREPLY < <(compgen -W '{' '.join(table)}' -- \"$cur\")", "\t\treturn", "\tfi"]
    for name, (_, opts, subs) in table.items():
        if subs:
            out += [f"\tif [[ ${{COMP_WORDS[1]}} == {name} && $COMP_CWORD == 2 ]]; then",
                    f"\t\tmapfile -t COMPREPLY < <(compgen -W '{' '.join(subs)}' -- \"$cur\")",
                    "\t\t((${#COMPREPLY[@]} > 0)) && return" if opts else "\t\treturn", "\tfi"]
    out.append("\tcase $command in")
    for name, (_, opts, subs) in table.items():
        for sub, (_, subopts) in subs.items():
            out.append(f"\t'{name} {sub}') words='{bash_words(subopts)}' ;;")
        if opts:
            out.append(f"\t{name}) words='{bash_words(opts)}' ;;")
    out += ["\tesac", "\tif [[ $cur == -* ]]; then", "\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")",
            "\t\t[[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace", "\telse",
            "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")", "\t\tcompopt -o filenames", "\tfi", "}",
            "complete -F _overt overt", ""]
    return "\n".join(out)


def zsh_text(text):
    return text.replace("'", "").replace("[", "(").replace("]", ")").replace(":", "\\:")


def zsh_options(opts):
    rows = []
    for letter, name, value, text, yesno in opts:
        about = f"[{zsh_text(text)}]"
        if yesno:
            tail = f"=-{about}::yes or no:(yes no)"
        elif value is None:
            tail = about
        elif choices(value, text):
            tail = f"={about}:{value}:({choices(value, text)})"
        else:
            tail = f"={about}:{value.replace('|', ' ')}:" + ("_files -/" if value in FOLDERS else "_files" if value in FILES else "")
        many = "*" if value in ("SOURCE", "GLOB", "REGEX") else ""
        rows.append(f"'{many}--{name}{tail}'")
        if letter:
            rows.append(f"'{many}-{letter}{tail.replace('=-', '', 1) if yesno else tail.replace('=', '+', 1)}'")
    return " \\\n\t\t\t".join(rows + ["'*:file:_files'"])


def zsh(table):
    out = ["#compdef overt", "# zsh completion for overt; made by completions/generate.py", "_overt()", "{",
           "\tlocal -a commands", "\tlocal command", "\tif ((CURRENT == 2)); then", "\t\tcommands=("]
    out += [f"\t\t\t'{n}:{zsh_text(s)}'" for n, (s, _, _) in table.items()]
    out += ["\t\t\t'help:the commands, or the options of one'", "\t\t)", "\t\t_describe command commands", "\t\treturn", "\tfi",
            "\tcommand=$words[2]", "\tshift words", "\t((CURRENT--))"]
    for name, (_, opts, subs) in table.items():
        words = " ".join(subs)
        if subs and opts:  # commands of its own beside its own options: only a word of them is one
            out += [f"\tif [[ $command == {name} && ' {words} ' == *\" $words[2] \"* ]]; then", "\t\tcommand=\"$command $words[2]\"",
                    "\t\tshift words", "\t\t((CURRENT--))", "\tfi"]
        elif subs:
            out += [f"\tif [[ $command == {name} ]]; then", "\t\tif ((CURRENT == 2)); then", "\t\t\tcommands=("]
            out += [f"\t\t\t\t'{n}:{zsh_text(s)}'" for n, (s, _) in subs.items()]
            out += ["\t\t\t)", "\t\t\t_describe command commands", "\t\t\treturn", "\t\tfi", "\t\tcommand=\"$command $words[2]\"",
                    "\t\tshift words", "\t\t((CURRENT--))", "\tfi"]
    out.append("\tcase $command in")
    for name, (_, opts, subs) in table.items():
        for key, o in [(f"{name} {s}", so) for s, (_, so) in subs.items()] + ([(name, opts)] if opts or not subs else []):
            out += [f"\t'{key}')", f"\t\t_arguments -S {zsh_options(o)}", "\t\t;;"]
    out += ["\tesac", "}", "_overt \"$@\"", ""]
    return "\n".join(out)


def fish_text(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def fish_option(condition, option):
    letter, name, value, text, yesno = option
    line = f"complete -c overt -n '{condition}' -l {name}" + (f" -s {letter}" if letter else "")
    if choices(value, text):
        line += f" -x -a '{choices(value, text)}'"
    elif value and not yesno:
        line += " -r" if value in FILES | FOLDERS else " -x"
    return line + " -d " + fish_text(text)


def fish(table):
    out = ["# fish completion for overt; made by completions/generate.py"]
    for name, (summary, _, _) in table.items():
        out.append(f"complete -c overt -f -n __fish_use_subcommand -a {name} -d {fish_text(summary)}")
    out.append("complete -c overt -f -n __fish_use_subcommand -a help -d 'the commands, or the options of one'")
    out.append("complete -c overt -f -n __fish_use_subcommand -l version -s V -d 'version, database format, licence'")
    for name, (_, opts, subs) in table.items():
        seen = f"__fish_seen_subcommand_from {name}"
        for sub, (summary, subopts) in subs.items():
            others = " ".join(subs)
            out.append(f"complete -c overt -f -n '{seen}; and not __fish_seen_subcommand_from {others}' -a {sub} -d {fish_text(summary)}")
            out += [fish_option(f"{seen}; and __fish_seen_subcommand_from {sub}", o) for o in subopts]
        out += [fish_option(seen, o) for o in opts]
    return "\n".join(out) + "\n"


def main():
    program = os.path.abspath(sys.argv[1])
    table = gather(program)
    wrong = 0
    for name, text in (("overt.bash", bash(table)), ("_overt", zsh(table)), ("overt.fish", fish(table))):
        path = os.path.join(HERE, name)
        if "--check" in sys.argv:
            with open(path, encoding="utf-8") as f:
                if f.read() != text:
                    print(f"completions/{name} is old: completions/generate.py PROGRAM writes it anew")
                    wrong = 1
        else:
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
    return wrong


if __name__ == "__main__":
    sys.exit(main())
