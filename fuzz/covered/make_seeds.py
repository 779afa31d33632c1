#!/usr/bin/env python3
"""Seeds of fuzz_covered: pieces of the built-in list, each with evidence behind it.   make_seeds.py  (writes seeds_covered/)"""
import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))
TEXT = open(os.path.join(HERE, "../../data/covered/covered.list"), encoding="utf-8").read()
STANZAS = [s for s in re.split(r"\n\s*\n", re.sub(r"(?m)^#.*\n", "", TEXT)) if s.strip()]


def find(head):
    return next(s.strip("\n") for s in STANZAS if s.strip().startswith(head))


def evidence(kind, grade, what, state, day, value):
    return bytes([0, kind, grade, what, state]) + day.to_bytes(4, "little") + value


DAY = 1790000000
base = [find("entity kaspersky"), find("rule bis-2024"), find("product agent")]
SEEDS = {
    "package": "\n\n".join(base + [find("indicator deb rpm\nproduct: agent")]).encode() + b"\n" + evidence(0, 4, 1, 0, DAY, b"klnagent64"),
    "early": "\n\n".join(base + [find("indicator deb rpm\nproduct: agent")]).encode() + evidence(0, 4, 0x81, 0, 1720000000, b"klnagent"),
    "signer": "\n\n".join([base[0], find("product software"), find("indicator signer")]).encode() + evidence(24, 0x82, 7, 0, DAY, b"AO Kaspersky Lab"),
    "inside": "\n\n".join([base[0], find("product software"), find("product engine-inside"), find("indicator cpe")]).encode()
              + evidence(7, 2, 19, 0xc5, DAY, b"cpe:2.3:a:kaspersky_lab:sdk:8:*"),
    "decoy": "\n\n".join([base[0], find("product open-source"), find("indicator purl\nproduct: open-source")]).encode()
             + evidence(6, 2, 20, 0x45, DAY, b"pkg:npm/%40kaspersky/hexa-ui@1"),
    "watched": "\n\n".join([base[0], find("product engine-inside"), find("indicator host"), find("embedding junos")]).encode()
               + evidence(36, 1, 26, 0, DAY, b"dnl-01.geo.kaspersky.com"),
    "step": "\n\n".join(base + [find("indicator deb rpm\nproduct: agent"), find("step agent"), find("step reboot")]).encode()
            + b"\n" + evidence(0, 4, 1, 0, DAY, b"klnagent64"),
    "record": b'overt.migrate/v1\nstate after\ntarget "/"\ntaken 2026-11-22T13:00:00Z\nlist "x" "y"\nfound 0\nundetermined 0\nunread 1\n'
              b'finding E2 D named "a" "b" "c" ""\nmore 0\nbefore ' + b"0a" * 32 + b"\n",
    "list": find("list ").encode() + b"\n",
    "bad": b"rule x\nname: y\nentity: nobody\nyes: A G\nevent: 2024-02-31 z\n\nthing\n",
}
os.makedirs(os.path.join(HERE, "seeds_covered"), exist_ok=True)
for name, data in SEEDS.items():
    with open(os.path.join(HERE, "seeds_covered", name), "wb") as f:
        f.write(data)

# fuzz_run: a plan and its journal, as a worker hands them over
N = "name of stanza"
RUN = (f"plan\n{N}=p\ntarget=/\n\ngroup\n{N}=a\nhost=h1 h2\n\nstep\n{N}=t\nname=T\nby-hand=x\n\nstep\n{N}=i\nname=I\nkind=install\ndo=i\x1f{{host}}\nverify=v\n"
       f"undo=u\x1f{{host}}\ntimeout=5m\n\nstep\n{N}=s\nname=S\nkind=probe\ndo@a=p\nno-undo=n\n\nstep\n{N}=r\nname=R\nkind=remove\nneeds=t i\nfor=a\ndo=r\nundo-by-hand=b\n")


def entry(event, **fields):
    return event + "\n" + "".join(f"{k}={v}\n" for k, v in {**fields, "sum": "0" * 64}.items())


def of(event, step, **fields):
    return entry(event, step=step, group="a", **fields)


RUN_SEEDS = {
    "plan": RUN,
    "done": RUN + "\0" + "\n".join([entry("open", plan="p"), entry("record", value="before", file="f"), of("consent", "t"), of("done", "t", value="0" * 64),
                                    of("begin", "i", host="h1", way="do", command="0" * 64), of("end", "i", host="h1", way="do", command="0" * 64, exit="0"),
                                    of("done", "s"), of("begin", "r", way="do", command="1" * 64), of("failed", "r")]),
    "undone": RUN + "\0" + "\n".join([entry("open", plan="p"), of("done", "i"), of("done", "s"), of("skip", "t"),
                                      of("begin", "i", host="h1", way="undo", command="2" * 64), of("undone", "i"), "torn\noffset=12\n"]),
    "other": RUN + "\0" + entry("open", plan="q") + "\n" + of("done", "none"),
    "refused": RUN.replace("kind=probe", "kind=install").replace("needs=t i", "needs=z"),
}
os.makedirs(os.path.join(HERE, "seeds_run"), exist_ok=True)
for name, text in RUN_SEEDS.items():
    with open(os.path.join(HERE, "seeds_run", name), "wb") as f:
        f.write(text.encode())
