#!/usr/bin/env python3
"""Writes data/engines/engines.list as a C file: tools/embed_engines.py OUT.c LIST. Same list, same bytes.

Texts are stored with every bit turned over: a program that carries the table must not look like all that is in it.
"""
import re
import sys

KINDS = {"symbol": "OV_CLUE_SYMBOL", "needed": "OV_CLUE_NEEDED", "string": "OV_CLUE_STRING", "bytes": "OV_CLUE_BYTES",
         "version": "OV_CLUE_VERSION", "name": "OV_CLUE_NAME"}
LEAST = {"string": 12, "bytes": 12, "version": 8, "symbol": 7, "needed": 8, "name": 4}
MOST = 200


def unescape(text):
    return re.sub(r"\\(n|t|\\|x[0-9a-f]{2})", lambda m: {"n": "\n", "t": "\t", "\\": "\\"}.get(m[1]) or chr(int(m[1][1:], 16)), text)


def read(path):
    engines, clues, seen = [], [], set()
    with open(path, encoding="ascii") as f:
        for number, line in enumerate(f, 1):
            line = line.rstrip("\n")
            if not line or line.startswith("#"):
                continue
            where = f"{path}:{number}: "
            if line.startswith("engine "):
                engine, title, maker = line[7:].split(" | ")
                engines.append((engine, title, maker))
                continue
            head, _, source = line.rpartition(" | ")
            kind, engine, text = head.split(" | ", 2)
            ids = [e[0] for e in engines]
            if kind not in KINDS or engine not in ids or not source:
                sys.exit(where + "no such clue or engine, or no source")
            data = bytes.fromhex(text) if kind == "bytes" else unescape(text).encode("latin-1")
            if not LEAST[kind] <= len(data) <= MOST or (kind, engine, data) in seen:
                sys.exit(where + f"{len(data)} bytes, {LEAST[kind]} to {MOST} are good; or it is there twice")
            seen.add((kind, engine, data))
            clues.append((KINDS[kind], ids.index(engine), data))
    if engines[0][0] != "overt":
        sys.exit(path + ": overt comes first")  # engines_report.c reads its record
    return engines, clues


def main(out, path):
    engines, clues = read(path)
    text, rows, at = b"", [], 0
    for kind, engine, data in clues:
        rows.append(f"\t{{ {kind}, {engine}, {len(data)}, {at} }},")
        text += bytes(b ^ 0xff for b in data)
        at += len(data)
    lines = ["\t" + " ".join(f"{b}," for b in text[i:i + 20]) for i in range(0, len(text), 20)]
    with open(out, "w", encoding="ascii", newline="\n") as f:
        f.write("/* Made by tools/embed_engines.py. */\n#include \"known.h\"\n\nconst struct ov_known_engine ov_known_engines[] = {\n" +
                "".join(f'\t{{ "{i}", "{t}", "{m}" }},\n' for i, t, m in engines) + "};\n" +
                f"const size_t ov_known_nengines = {len(engines)};\n\nconst struct ov_clue ov_clues[] = {{\n" + "\n".join(rows) +
                f"\n}};\nconst size_t ov_nclues = {len(clues)};\n\nconst uint8_t ov_clue_texts[] = {{\n" + "\n".join(lines) + "\n};\n")


main(*sys.argv[1:])
