#!/usr/bin/env python3
"""Writes the built-in signature sources (data/builtin.*) as a C file.

  tools/embed.py OUT.c FILE...

Same files, same bytes: nothing of the machine, the time or the folder goes into the output. A source's name in the program
is "built-in/" and the file's name.
"""
import os
import sys


def rows(data):
    """The bytes as C numbers, 20 a line."""
    for i in range(0, len(data), 20):
        yield "\t" + " ".join(f"{b}," for b in data[i:i + 20])


def main(out, files):
    lines = ["/* Made by tools/embed.py. */", '#include "builtin.h"', ""]
    table = []
    for n, path in enumerate(sorted(files, key=os.path.basename)):
        with open(path, "rb") as f:
            data = f.read()
        lines += [f"static const unsigned char file{n}[] = {{", *rows(data), "};", ""]
        table.append(f'\t{{ .name = "built-in/{os.path.basename(path)}", .bytes = file{n}, .n = sizeof file{n} }},')
    lines += ["static const struct ov_builtin_source sources[] = {", *table, "};", "",
              "const struct ov_builtin_source *ov_builtin_sources(size_t *count)", "{",
              "\t*count = sizeof sources / sizeof *sources;", "\treturn sources;", "}", ""]
    with open(out, "w", encoding="ascii", newline="\n") as f:
        f.write("\n".join(lines))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
