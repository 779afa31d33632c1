#!/usr/bin/env python3
"""Writes the built-in covered list as a C file: tools/embed_list.py OUT.c LIST. Same list, same bytes.

It is stored with every bit turned over (see src/covered/list_text.c).
"""
import sys


def main(out, path):
    with open(path, "rb") as f:
        data = bytes(b ^ 0xff for b in f.read())
    rows = ["\t" + " ".join(f"{b}," for b in data[i:i + 20]) for i in range(0, len(data), 20)]
    with open(out, "w", encoding="ascii", newline="\n") as f:
        f.write("/* Made by tools/embed_list.py. */\n#include \"list_text.h\"\n\nconst uint8_t ov_cov_builtin_turned[] = {\n" + "\n".join(rows) +
                "\n};\nconst size_t ov_cov_builtin_size = sizeof ov_cov_builtin_turned;\n")


main(*sys.argv[1:])
