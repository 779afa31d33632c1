#!/usr/bin/env python3
"""Makes a Debian root of at least 100,000 files and holds `overt inventory` and `overt covered` to it: nothing may be found.

  tools/debianroot.py [--overt PROGRAM] [--worker PROGRAM] [--root DIR] [--only-measure] [--runs 3] [--out docs/DEBIAN_ROOT.md]

As root, on Debian with debootstrap and apt, and with the network: debootstrap makes the system (--variant=minbase), apt
brings a desktop's packages into it (some 1.5 GB) and configures them there; no service is started. A root that is there
already is measured only. Writes a page with machine and date. Exit 1 when anything of the list is found, or there are too few files.
"""
import argparse
import collections
import datetime
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FILES_WANTED, SECONDS_WANTED = 100_000, 10.0
PACKAGES = ["task-gnome-desktop", "linux-image-amd64", "linux-headers-amd64", "default-jre", "firefox-esr", "thunderbird", "chromium",
            "inkscape", "gimp", "papirus-icon-theme", "libnss3-tools", "openssh-server", "clamav", "yara"]


def chrooted(root, *command):
    """Runs in a mount namespace of its own, where the root has /proc and /dev; nothing stays mounted."""
    inner = 'mount -t proc proc "$0/proc"; mount --bind /dev "$0/dev"; exec "$@"'
    subprocess.run(["unshare", "--mount", "--propagation", "private", "sh", "-ec", inner, root, *command], check=True,
                   env=dict(os.environ, DEBIAN_FRONTEND="noninteractive", LC_ALL="C.UTF-8"))


def make(root):
    os.makedirs(root)
    subprocess.run(["debootstrap", "--variant=minbase", "--include=ca-certificates,systemd-sysv", "bookworm", root], check=True)
    policy = os.path.join(root, "usr/sbin/policy-rc.d")
    with open(policy, "w", encoding="ascii") as f:
        f.write("#!/bin/sh\nexit 101\n")  # no service is started by what is installed
    os.chmod(policy, 0o755)
    # apt runs outside, with this machine's package lists; dpkg runs in the root
    chrooted(root, "apt-get", "-y", "-q", "-o", f"Dir={root}", "-o", "Dir::Etc=/etc/apt", "-o", "Dir::State::Lists=/var/lib/apt/lists",
             "-o", f"DPkg::Chroot-Directory={root}", "-o", "APT::Sandbox::User=root", "-o", "Dpkg::Options::=--force-unsafe-io",
             "-o", "Dpkg::Use-Pty=0", "-o", "Dir::Bin::dpkg=/usr/bin/dpkg", "install", *PACKAGES)
    os.unlink(policy)
    shutil.rmtree(os.path.join(root, "var/cache/apt/archives"))


def count(root):
    n = collections.Counter()
    for folder, folders, files in os.walk(root):
        n["folders"] += len(folders)
        for name in files:
            path = os.path.join(folder, name)
            n["links" if os.path.islink(path) else "files"] += 1
    n["packages"] = subprocess.run(["dpkg-query", f"--admindir={root}/var/lib/dpkg", "-W", "-f", "x"], check=True, capture_output=True).stdout.count(b"x")
    return n


def timed(command, worker):
    """CPU seconds of program and workers, and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    p = subprocess.run(command, capture_output=True, check=False, env=dict(os.environ, **({"OVERT_WORKER": worker} if worker else {})))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if p.returncode > 3 or not p.stdout:
        sys.exit(f"debianroot: {command} ended with {p.returncode}: {p.stderr[-500:]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, p


def measure(o):
    n = count(o.root)
    rows = {}
    for what, command in (("overt inventory", [o.overt, "inventory", "--root", o.root, "--json"]),
                          ("overt covered", [o.overt, "covered", "--format", "json", o.root])):
        timed(command, o.worker)  # warms the cache
        runs = [timed(command, o.worker) for _ in range(o.runs)]
        rows[what] = (statistics.median(t for t, _ in runs), [t for t, _ in runs], runs[-1][1])
    return n, rows


def reasons(report):
    return collections.Counter(f"{u.get('detail', u['reason'])}: {'/'.join(u['path'])}" for u in report["unread"])


def page(o, n, rows):
    inventory, report = (json.loads(rows[w][2].stdout) for w in ("overt inventory", "overt covered"))
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8") if line.startswith("model name")), "unknown processor")
    day = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    version = subprocess.run([o.overt, "--version"], capture_output=True, text=True, check=False).stdout.split("\n")[0]
    kinds = collections.Counter(c["type"] for c in inventory["components"])
    out = ["# A Debian root of 100,000 files", "",
           f"Measured {day} by `make debianroot` with {version} on {os.cpu_count()} cores of {cpu} (load {os.getloadavg()[0]:.0f}). Debian 12 by debootstrap "
           f"(minbase), and in it {', '.join(PACKAGES)} with all that they depend on or recommend, configured by dpkg.", "",
           f"{n['files']:,} files, {n['links']:,} links, {n['folders']:,} folders, {n['packages']:,} packages.", "",
           f"| | CPU seconds, user and system of all processes, warm, median of {o.runs} | per 100,000 files | each |", "|---|---|---|---|"]
    for what, (middle, each, _) in rows.items():
        out.append(f"| `{what}` | {middle:.1f} | {middle * 100_000 / n['files']:.1f} (goal {SECONDS_WANTED:.0f}) | {', '.join(f'{t:.1f}' for t in each)} |")
    out += ["", "Components: " + ", ".join(f"{k} {v:,}" for k, v in sorted(kinds.items())) + ".", "",
            f"Findings of `overt covered`: {len(report['findings'])} at any grade. Exit code {rows['overt covered'][2].returncode}."]
    for f in report["findings"]:
        out.append(f"* **{f['grade']}** {f['state']} {f['product']}: `{'/'.join(f['path'])}` " + "; ".join(f"{e['kind']} {e['value']}" for e in f["evidence"]))
    out += ["", f"Undetermined: {len(report['undetermined'])}."] + [f"* {u['type']} `{'/'.join(u['path'])}`" for u in report["undetermined"]]
    told = reasons(report)
    out += ["", f"Not read: {sum(told.values())}."] + [f"* {k}" for k in sorted(told)]
    with open(o.out, "w", encoding="utf-8") as f:
        f.write("\n".join(out) + "\n")
    return len(report["findings"])


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--overt", default=os.path.join(TOP, "build", "bin", "overt"))
    a.add_argument("--worker")
    a.add_argument("--root", default="/tmp/overt-debian-root")
    a.add_argument("--only-make", action="store_true")
    a.add_argument("--runs", type=int, default=3)
    a.add_argument("--out", default=os.path.join(TOP, "docs", "DEBIAN_ROOT.md"))
    o = a.parse_args()
    o.root = os.path.abspath(o.root)
    if not os.path.isdir(o.root):
        lacking = [t for t in ("debootstrap", "apt-get", "unshare") if shutil.which(t) is None]
        if lacking or os.geteuid() != 0:
            sys.exit("debianroot: needs to be root" if not lacking else "debianroot: this machine lacks " + ", ".join(lacking))
        make(o.root)
    if o.only_make:
        return
    n, rows = measure(o)
    found = page(o, n, rows)
    print(f"debianroot: {n['files']} files, {found} found; {o.out}")
    sys.exit(1 if found > 0 or n["files"] < FILES_WANTED else 0)


if __name__ == "__main__":
    main()
