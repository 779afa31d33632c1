"""The twelve cases that overt covered must tell apart, made here: no vendor's code, nothing that runs.

Each maker takes a folder and gives the target in it; Missing says which tool is not there. tests/covered/test_twelve.py holds overt to what each
must be; bench/covered_rivals.py shows them to other tools.
"""
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "inventory"))
import cov_kit  # noqa: E402
import test_places as places  # noqa: E402

MINGW = "x86_64-w64-mingw32-"
RC = """1 VERSIONINFO FILEVERSION 1,2,3,4 PRODUCTVERSION 1,2,3,4 BEGIN
 BLOCK "StringFileInfo" BEGIN BLOCK "040904b0" BEGIN
  VALUE "CompanyName", "AO Kaspersky Lab\\0"
  VALUE "ProductName", "Acme Mail Shield\\0"
 END END
 BLOCK "VarFileInfo" BEGIN VALUE "Translation", 0x409, 1200 END
END
"""


class Missing(Exception):
    pass


def need(*programs):
    for p in programs:
        if shutil.which(p) is None:
            raise Missing(p)


def run(*args, **kw):
    return subprocess.run(args, check=True, capture_output=True, **kw)


def put(folder, name, data):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data.encode() if isinstance(data, str) else data)
    return path


def package(d):
    """1: a package installed from a deb made here, with dpkg's own database."""
    need("dpkg-deb", "dpkg")
    put(d, "deb/DEBIAN/control", "Package: klnagent64\nVersion: 15.0.0-1\nArchitecture: all\nMaintainer: somebody <a@example.invalid>\nDescription: x\n")
    put(d, "deb/opt/kaspersky/klnagent64/bin/klnagent", "x")
    run("dpkg-deb", "-b", "--root-owner-group", os.path.join(d, "deb"), os.path.join(d, "a.deb"))
    root = os.path.join(d, "1-package")
    for folder in ("var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/dpkg/triggers"):
        os.makedirs(os.path.join(root, folder))
    put(root, "var/lib/dpkg/status", "")
    run("dpkg", "--root", root, "--force-not-root", "--force-script-chrootless", "--force-depends", "--log=/dev/null", "-i", os.path.join(d, "a.deb"))
    return root


def whiteout(d):
    """2: an OCI layout: layer 1 adds it, layer 2 hides it, dpkg's status still lists it."""
    import hashlib
    import tarfile
    top = os.path.join(d, "2-image")
    os.makedirs(os.path.join(top, "blobs/sha256"))

    def blob(data):
        name = hashlib.sha256(data).hexdigest()
        put(top, "blobs/sha256/" + name, data)
        return {"digest": "sha256:" + name, "size": len(data)}

    def layer(files):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as t:
            for name, data in files.items():
                i = tarfile.TarInfo(name)
                i.size = len(data)
                t.addfile(i, io.BytesIO(data))
        return blob(out.getvalue()) | {"mediaType": "application/vnd.oci.image.layer.v1.tar"}
    layers = [layer({"var/lib/dpkg/status": cov_kit.STATUS.encode(), "opt/kaspersky/klnagent64/bin/klnagent": b"x",
                     "var/lib/dpkg/info/klnagent64.list": b"/opt\n/opt/kaspersky/klnagent64/bin/klnagent\n"}), layer({"opt/.wh.kaspersky": b""})]
    config = blob(json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [x["digest"] for x in layers]}}).encode())
    manifest = blob(json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                                "config": config | {"mediaType": "application/vnd.oci.image.config.v1+json"}, "layers": layers}).encode())
    put(top, "index.json", json.dumps({"schemaVersion": 2, "manifests": [manifest | {"mediaType": "application/vnd.oci.image.manifest.v1+json"}]}))
    put(top, "oci-layout", '{"imageLayoutVersion":"1.0.0"}')
    return top


def program(d, name="3-shield.exe"):
    """3: a Windows program of version information only: the company's name, another product's."""
    need(MINGW + "ld", MINGW + "windres", MINGW + "as")
    put(d, "a.rc", RC)
    put(d, "a.s", ".globl start\nstart: ret\n")
    run(MINGW + "windres", os.path.join(d, "a.rc"), os.path.join(d, "rc.o"))
    run(MINGW + "as", os.path.join(d, "a.s"), "-o", os.path.join(d, "s.o"))
    run(MINGW + "ld", "-e", "start", os.path.join(d, "s.o"), os.path.join(d, "rc.o"), "-o", os.path.join(d, name))
    return os.path.join(d, name)


def forged(d, twin=False):
    """4: the same, signed by a self-made certificate of that name; its twin with one byte changed."""
    need("openssl", "osslsigncode")
    source = program(d, "unsigned.exe")
    out = os.path.join(d, "4-broken.exe" if twin else "4-self-made.exe")
    key, cert = os.path.join(d, "k.pem"), os.path.join(d, "c.pem")
    run("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-sha256", "-x509", "-days", "99", "-subj", "/O=AO Kaspersky Lab/CN=AO Kaspersky Lab",
        "-keyout", key, "-out", cert)
    run("osslsigncode", "sign", "-h", "sha256", "-certs", cert, "-key", key, "-in", source, "-out", out)
    if twin:
        with open(out, "r+b") as f:
            f.seek(0x210)
            byte = f.read(1)
            f.seek(0x210)
            f.write(bytes([byte[0] ^ 1]))
    return out


def trusted(d):
    """5: the positive twin: a root made here, and a list of one's own that knows its key. Gives the program and that list."""
    need("openssl", "osslsigncode")
    source, out = program(d, "plain.exe"), os.path.join(d, "5-signed.exe")
    p = {k: os.path.join(d, "t-" + k) for k in ("rk", "r", "k", "csr", "c", "ext", "both")}
    new = ("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-sha256")
    run(*new, "-x509", "-days", "99", "-subj", "/CN=Test root", "-keyout", p["rk"], "-out", p["r"])
    run(*new, "-subj", "/O=AO Kaspersky Lab/CN=AO Kaspersky Lab", "-keyout", p["k"], "-out", p["csr"])
    put(d, "t-ext", "extendedKeyUsage=codeSigning\n")
    run("openssl", "x509", "-req", "-in", p["csr"], "-CA", p["r"], "-CAkey", p["rk"], "-days", "99", "-extfile", p["ext"], "-out", p["c"])
    with open(p["c"], encoding="ascii") as a, open(p["r"], encoding="ascii") as b:
        put(d, "t-both", a.read() + b.read())
    run("osslsigncode", "sign", "-h", "sha256", "-certs", p["both"], "-key", p["k"], "-in", source, "-out", out)
    spki = run("sh", "-c", f"openssl x509 -in '{p['r']}' -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum").stdout.decode().split()[0]
    known = f"indicator root-spki\nproduct: software\nmost: E5\nvalue: {spki}\nsource: this test's own root\n"
    return out, put(d, "known.list", known)


def firmware(d):
    """6: squashfs: a series of databases and a configuration with an update host; no vendor's name else."""
    need("mksquashfs")
    put(d, "fw/lib/libzz.so", b"\x7fELF nothing")
    for i in range(1, 5):
        put(d, f"fw/var/bases/base{i:03}.kdc", os.urandom(3000))
    put(d, "fw/etc/updcfg.conf", "url=http://dnl-01.geo.kaspersky.com/updates\n")
    out = os.path.join(d, "6-firmware.sq")
    run("mksquashfs", os.path.join(d, "fw"), out, "-quiet", "-noappend", "-mkfs-time", "1600000000", "-all-time", "1600000000")
    return out


def bom_cyclonedx(d):
    """7: a component of a component of a mail gateway, by its supplier only."""
    return put(d, "7-bom.json", json.dumps(cov_kit.BOM))


def bom_spdx(d):
    """7: the same in SPDX 2.3."""
    def part(i, name, supplier="NOASSERTION"):
        return {"SPDXID": f"SPDXRef-{i}", "name": name, "versionInfo": "8", "supplier": supplier, "downloadLocation": "NOASSERTION"}
    return put(d, "7-bom.spdx.json", json.dumps({
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": "x", "documentNamespace": "https://example.invalid/x",
        "creationInfo": {"created": "2026-01-01T00:00:00Z", "creators": ["Tool: x"]},
        "packages": [part(1, "mail gateway"), part(2, "content filter"), part(3, "engine", "Organization: AO Kaspersky Lab")],
        "relationships": [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-1"},
                          {"spdxElementId": "SPDXRef-1", "relationshipType": "CONTAINS", "relatedSpdxElement": "SPDXRef-2"},
                          {"spdxElementId": "SPDXRef-2", "relationshipType": "CONTAINS", "relatedSpdxElement": "SPDXRef-3"}]}))


def bom_spdx3(d):
    """7: the same in SPDX 3.0."""
    def part(i, name, **kw):
        return {"type": "software_Package", "spdxId": f"urn:{i}", "name": name, "software_packageVersion": "8", "creationInfo": "_:c", **kw}

    def inside(i, a, b):
        return {"type": "Relationship", "spdxId": f"urn:r{i}", "from": f"urn:{a}", "relationshipType": "contains", "to": [f"urn:{b}"], "creationInfo": "_:c"}
    return put(d, "7-bom.spdx3.json", json.dumps({"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": [
        {"type": "CreationInfo", "@id": "_:c", "specVersion": "3.0.1", "created": "2026-01-01T00:00:00Z", "createdBy": ["urn:o"]},
        {"type": "Organization", "spdxId": "urn:o", "name": "AO Kaspersky Lab", "creationInfo": "_:c"},
        part(1, "mail gateway"), part(2, "content filter"), part(3, "engine", suppliedBy="urn:o"), inside(1, 1, 2), inside(2, 2, 3)]}))


def open_source(d):
    """8: lock files of projects that use its UI kit and its test library."""
    put(d, "8-app/package.json", '{"name": "x", "version": "1.0.0", "dependencies": {"@kaspersky/hexa-ui-core": "1.2.3"}}')
    put(d, "8-app/package-lock.json", json.dumps(cov_kit.LOCK))
    put(d, "8-app/android/gradle.lockfile", "com.kaspersky.android-components:kaspresso:1.5.3=debugAndroidTestRuntimeClasspath\nempty=\n")
    return os.path.join(d, "8-app")


def registry(d, date):
    """9: a hive with uninstall keys in German and Russian and the state of the agent."""
    return put(d, f"9-{date[6:10]}/SOFTWARE", places.Hive({**places.UNINSTALL, **places.agent(date)}).bytes())


def remains(d):
    """10: a root certificate in the trust store, a native messaging host, a saved page."""
    need("openssl")
    root = os.path.join(d, "10-remains")
    put(root, "etc/ssl/certs/.keep", "")
    run("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-sha256", "-x509", "-days", "99", "-keyout", os.path.join(d, "root.key"),
        "-subj", "/O=AO Kaspersky Lab/CN=Kaspersky Anti-Virus Personal Root Certificate", "-addext", "basicConstraints=critical,CA:TRUE",
        "-out", os.path.join(root, "etc/ssl/certs/local.pem"))
    host = "com.kaspersky.ahkjpbeeocnddjkakilopmfdlnjdpcdm.host"
    put(root, f"etc/opt/chrome/native-messaging-hosts/{host}.json", json.dumps({
        "name": host, "description": "x", "path": "/opt/x/host", "type": "stdio", "allowed_origins": ["chrome-extension://ahkjpbeeocnddjkakilopmfdlnjdpcdm/"]}))
    put(root, "home/u/saved.html", '<script src="https://gc.kis.v2.scr.kaspersky-labs.com/x/main.js"></script>')
    return root


def decoys(d):
    """11: what names it and is none of it."""
    root = os.path.join(d, "11-decoys")
    top = os.path.join(HERE, "../..")
    for name in ("data/covered/covered.list", "docs/COVERED.md", "docs/MIGRATE.md", "docs/INVENTORY.md"):
        with open(os.path.join(top, name), "rb") as f:
            put(root, "usr/share/doc/overt/" + os.path.basename(name), f.read())
            f.seek(0)
            put(root, "etc/" + os.path.basename(name), f.read())
    drivers = "klif.sys klhk.sys klflt.sys klgse.sys kldisk.sys klim6.sys klbackupflt.sys klupd_klif_arkmon.sys avp.exe klnagent.exe"
    put(root, "home/u/killer.txt", drivers)
    put(root, "home/u/killer.bin", b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\x3e\x00" + bytes(44) + drivers.encode())
    put(root, "home/u/rule.yar", 'rule x { strings: $a = "klif.sys" $b = "AO Kaspersky Lab" $c = "KLIF.KES" condition: all of them }')
    put(root, "etc/yara/rule.conf", 'rule x { strings: $a = "dnl-01.geo.kaspersky.com" $b = "kaspersky-lab-engine" condition: all of them }')
    put(root, "var/mail/u", "From: someone@kaspersky.com\nSubject: [PATCH] net: fix\n\nSigned-off-by: Someone <someone@kaspersky.com>\n")
    put(root, "etc/squid/hosts.conf", "acl updates dstdomain .geo.kaspersky.com .kaspersky-labs.com\n")
    put(root, "home/u/p/requirements.txt", "opentip==1.0\nkasperskytip==2.0\nkpm-treatment==0.1\n")
    put(root, "home/u/p/package-lock.json", json.dumps(cov_kit.LOCK))
    put(root, "home/u/app/build.gradle", 'dependencies { androidTestImplementation "com.kaspersky.android-components:kaspresso:1.5.3" }\n')
    put(root, "home/u/saved.html", '<script src="https://gc.kis.v2.scr.kaspersky-labs.com/x/main.js"></script>')
    put(root, "usr/lib/x/base001.txt", "x")
    return root


def appliance(d, version, keyword):
    """12: settings of Junos OS, by version and by the word that names the engine."""
    return put(d, f"12-{version}/junos.conf", f"## Last commit: 2020-01-01\nversion {version};\nsystem {{\n    host-name gw;\n}}\nsecurity {{\n"
               f"    utm {{\n        feature-profile {{\n            anti-virus {{\n                type {keyword};\n            }}\n        }}\n    }}\n}}\n")


def others(d):
    """12: settings of NetDefendOS and SonicOS."""
    put(d, "12-others/netdefend.conf", "updatecenter -status\nAntivirus: SafeStream II, expires never\n")
    put(d, "12-others/sonic.conf", "security-services\n  client-av-enforcement \"Kaspersky Client AV\"\n")
    return os.path.join(d, "12-others")


def android(d):
    """12: somebody else's application with the SDK's classes inside."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("AndroidManifest.xml", places.binary_manifest("com.acme.bank"))
        z.writestr("classes.dex", b"dex\n035\0" + b"\x12Lcom/kavsdk/license/License;\0")
    return put(d, "12-bank.apk", out.getvalue())
